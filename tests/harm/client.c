/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The clients of many scenarios: each question goes to plain Unbound and to Unbound with the module in the same
 *  moment, once, and what comes back within the scenario's wait is written down.
 *
 *  usage: harm_client --out FILE --plain ADDRESS --module ADDRESS [--stagger MS] SCENARIO...
 *  A scenario is asked in passes: cold; warm, other names of the same zones, when the first pass is over; and where all its
 *  faults end, once more a while after that.  Scenarios run at the same time, each begins a little after the one before.
 *  A line for each question: slot, pass, the number of the name whose climb it is part of, name, type, the ms at which it was
 *  asked, and for plain and for the module RCODE (-1 = none came), ms that it took, what it says (digest.h), EDE code and
 *  text. */
#include <arpa/inet.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "digest.h"
#include "zone.h"

enum {
	PORT = 53, SIDES = 2, PASS_SHIFT = 10000, REST_MS = 1500, AFTER_FAULT_MS = 5000, RECEIVE_BUFFER = 4 << 20,
	US_PER_S = 1000000, US_PER_MS = 1000, MS_PER_S = 1000, QUESTIONS_MAX = 65536, STAGGER_MS = 150, CLIENT_UDP_SIZE = 1232
};

struct question {
	char name[NAME_TEXT];
	uint16_t type;
	unsigned pass, group;		/**< group: the name of the pass that it is asked for */
	unsigned at_ms;			/**< since the pass began */
	uint64_t sent_us;
	struct digest answer[SIDES];
	uint64_t took_us[SIDES];
};

struct clients;

/** The clients of one scenario. */
struct client {
	struct clients *all;
	const struct spec *spec;
	struct question *question;
	size_t questions, pass_first, next, open;	/**< pass_first..questions are this pass's; open: answers that are to come */
	unsigned pass;
	uint64_t began_us, pass_us;
	int fd[SIDES];
	struct event *timer;
	const struct ask *asking;	/**< while questions are made */
	unsigned asked, groups;
};

struct clients {
	struct event_base *base;
	struct world world;
	struct client *client;
	struct sockaddr_in resolver[SIDES];
	size_t running;
};

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * US_PER_S + (uint64_t)now.tv_nsec / 1000;
}

static void set_timer(struct client *c, uint64_t at_us)
{
	uint64_t now = now_us(), wait = at_us > now ? at_us - now : 0;
	struct timeval delay = { .tv_sec = (time_t)(wait / US_PER_S), .tv_usec = (suseconds_t)(wait % US_PER_S) };

	evtimer_add(c->timer, &delay);
}

static void add_question(struct client *c, const char *name, uint16_t type, unsigned at_ms)
{
	struct question *q;

	if (c->questions == QUESTIONS_MAX)
		return;
	if ((c->questions & (c->questions - 1)) == 0) {
		c->question = realloc(c->question, (c->questions > 0 ? 2 * c->questions : 1) * sizeof(*c->question));
		if (c->question == NULL)
			abort();
	}
	q = &c->question[c->questions++];
	*q = (struct question){ .type = type, .pass = c->pass, .group = c->groups, .at_ms = at_ms };
	for (int side = 0; side < SIDES; side++)
		q->answer[side] = (struct digest){ .rcode = RCODE_NONE, .text = "-", .ede = -1 };
	snprintf(q->name, sizeof(q->name), "%s", name);
}

/** The name that a pass asks instead: the first number of its host is another. */
static void shifted(char out[static NAME_TEXT], const char *name, const char *host, unsigned pass)
{
	size_t digits = strcspn(host, "0123456789");
	char *end;
	unsigned long number = strtoul(host + digits, &end, 10);

	if (pass == 0 || host[digits] == '\0')
		snprintf(out, NAME_TEXT, "%s", name);
	else
		snprintf(out, NAME_TEXT, "%.*s%lu%.230s", (int)digits, name, number + pass * PASS_SHIFT, name + (end - host));
}

static void make_questions(const char *name, void *arg)
{
	struct client *c = arg;
	char full[NAME_TEXT], host[NAME_TEXT], asked[NAME_TEXT];
	int zone, top;
	unsigned at_ms = c->asking->at_ms + c->asked++ * c->asking->gap_ms;

	snprintf(full, sizeof(full), "%.230s-%u." HARM_TLD, name, c->spec->slot);
	zone = spec_zone_of(c->spec, full);
	if (zone < 0)
		return;
	spec_host(host, &c->spec->zone[zone], full);
	shifted(asked, full, host, c->pass);
	c->groups++;
	add_question(c, asked, c->asking->type, at_ms);
	for (top = zone; c->spec->zone[top].parent >= 0; top = c->spec->zone[top].parent)
		;
	for (const char *at = asked; c->asking->climb && strlen(at) > strlen(c->spec->zone[top].full);) {
		at = strchr(at, '.') + 1;
		add_question(c, at, c->asking->type, at_ms);
	}
}

static int by_time(const void *a, const void *b)
{
	const struct question *x = a, *y = b;

	return x->at_ms < y->at_ms ? -1 : x->at_ms > y->at_ms;
}

static void send_question(struct client *c, struct question *q, size_t number)
{
	uint8_t packet[NAME_TEXT + HEADER_LEN + 16] = { 0 };
	size_t len = HEADER_LEN;

	wire_put16(packet, (unsigned)number);
	packet[2] = 1;		/* RD */
	packet[5] = 1;		/* one question */
	packet[11] = 1;		/* OPT */
	len += wire_name(packet + len, q->name);
	wire_put16(packet + len, q->type);
	wire_put16(packet + len + 2, 1);
	len += 5;
	wire_put16(packet + len, T_OPT);
	wire_put16(packet + len + 2, CLIENT_UDP_SIZE);
	len += 10;
	q->sent_us = now_us();
	for (int side = 0; side < SIDES; side++)
		if (send(c->fd[side], packet, len, 0) < 0)
			perror("harm_client: send");
	c->open += SIDES;
}

/** When all faults of a scenario have ended, in ms; 0 = they do not, or there is none. */
static unsigned faults_end_ms(const struct spec *spec)
{
	unsigned end = 0;

	for (size_t i = 0; i < spec->rules; i++) {
		if (spec->rule[i].to_ms == 0)
			return 0;
		if (spec->rule[i].to_ms > end)
			end = spec->rule[i].to_ms;
	}
	return end;
}

static void begin_pass(struct client *c)
{
	c->pass_first = c->next = c->questions;
	for (size_t i = 0; i < c->spec->asks; i++) {
		c->asking = &c->spec->ask[i];
		c->asked = 0;
		spec_expand(c->asking->names, make_questions, c);
	}
	qsort(c->question + c->pass_first, c->questions - c->pass_first, sizeof(*c->question), by_time);
	c->pass_us = now_us();
}

static void end(struct client *c)
{
	evtimer_del(c->timer);
	if (--c->all->running == 0)
		event_base_loopbreak(c->all->base);
}

/** A pass is over: when the next one begins. */
static void end_pass(struct client *c)
{
	unsigned fault_ms = faults_end_ms(c->spec);
	uint64_t at_us = now_us() + REST_MS * US_PER_MS, after_us = c->began_us + (fault_ms + AFTER_FAULT_MS) * (uint64_t)US_PER_MS;

	c->pass++;
	c->open = 0;
	c->next = c->pass_first = c->questions;
	if (c->pass < c->spec->passes) {
		set_timer(c, at_us);
	} else if (c->pass == c->spec->passes && fault_ms > 0) {
		set_timer(c, at_us > after_us ? at_us : after_us);
	} else {
		end(c);
	}
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;
	uint64_t now = now_us();

	(void)fd;
	(void)what;
	if (c->began_us == 0)
		c->began_us = now;
	if (c->pass_first == c->questions)
		begin_pass(c);
	while (c->next < c->questions && c->pass_us + c->question[c->next].at_ms * (uint64_t)US_PER_MS <= now_us()) {
		send_question(c, &c->question[c->next], c->next);
		c->next++;
	}
	if (c->next < c->questions)
		set_timer(c, c->pass_us + c->question[c->next].at_ms * (uint64_t)US_PER_MS);
	else if (c->questions == c->pass_first || now >= c->question[c->questions - 1].sent_us + c->spec->wait_s * (uint64_t)US_PER_S)
		end_pass(c);
	else
		set_timer(c, c->question[c->questions - 1].sent_us + c->spec->wait_s * (uint64_t)US_PER_S);
}

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;
	int side = fd == c->fd[0] ? 0 : 1;
	uint8_t octets[PACKET_MAX];
	ssize_t len;

	(void)what;
	while ((len = recv(fd, octets, sizeof(octets), 0)) >= HEADER_LEN) {
		size_t number = (size_t)octets[0] << 8 | octets[1];
		struct question *q = &c->question[number];

		if (number >= c->next || q->answer[side].rcode != RCODE_NONE)
			continue;
		digest_read(&q->answer[side], octets, (size_t)len);
		q->took_us[side] = now_us() - q->sent_us;
		if (number >= c->pass_first)
			c->open--;
	}
	if (c->open == 0 && c->next == c->questions && c->questions > c->pass_first)
		end_pass(c);
}

static bool open_client(struct clients *all, struct client *c, const struct spec *spec, unsigned stagger_ms)
{
	int size = RECEIVE_BUFFER;

	*c = (struct client){ .all = all, .spec = spec };
	for (int side = 0; side < SIDES; side++) {
		c->fd[side] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
		if (c->fd[side] < 0 || connect(c->fd[side], (struct sockaddr *)&all->resolver[side], sizeof(all->resolver[side])) != 0) {
			perror("harm_client");
			return false;
		}
		if (setsockopt(c->fd[side], SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
			(void)setsockopt(c->fd[side], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
		event_add(event_new(all->base, c->fd[side], EV_READ | EV_PERSIST, on_answer, c), NULL);
	}
	c->timer = evtimer_new(all->base, on_time, c);
	set_timer(c, now_us() + (spec->slot - 1) * (uint64_t)stagger_ms * US_PER_MS);
	return true;
}

static bool write_results(const struct clients *all, const char *path)
{
	FILE *out = fopen(path, "w");

	if (out == NULL)
		return false;
	for (size_t i = 0; i < all->world.specs; i++)
		for (size_t n = 0; n < all->client[i].questions; n++) {
			const struct client *c = &all->client[i];
			const struct question *q = &c->question[n];

			fprintf(out, "%u\t%u\t%u\t%s\t%u\t%llu", c->spec->slot, q->pass, q->group, q->name, q->type,
				(unsigned long long)(q->sent_us - c->began_us) / US_PER_MS);
			for (int side = 0; side < SIDES; side++)
				fprintf(out, "\t%d\t%.1f\t%s\t%d\t%s", q->answer[side].rcode,
					(double)(q->answer[side].rcode == RCODE_NONE ? c->spec->wait_s * (uint64_t)US_PER_S : q->took_us[side]) / US_PER_MS,
					q->answer[side].text, q->answer[side].ede, q->answer[side].ede_text);
			fputc('\n', out);
		}
	return fclose(out) == 0;
}

static bool read_resolver(struct sockaddr_in *out, const char *text)
{
	*out = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(PORT) };
	return inet_pton(AF_INET, text, &out->sin_addr) == 1;
}

int main(int argc, char **argv)
{
	static struct clients all;
	const char *out = NULL;
	unsigned stagger_ms = STAGGER_MS;
	int i;

	for (i = 1; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
		if (strcmp(argv[i], "--out") == 0)
			out = argv[i + 1];
		else if (strcmp(argv[i], "--stagger") == 0)
			stagger_ms = (unsigned)strtoul(argv[i + 1], NULL, 10);
		else if (!read_resolver(&all.resolver[strcmp(argv[i], "--plain") != 0], argv[i + 1]))
			return 2;
	}
	if (out == NULL || i >= argc || all.resolver[0].sin_port == 0 || all.resolver[1].sin_port == 0) {
		fprintf(stderr, "usage: harm_client --out FILE --plain ADDRESS --module ADDRESS [--stagger MS] SCENARIO...\n");
		return 2;
	}
	all.base = event_base_new();
	if (all.base == NULL || !world_read(&all.world, argv + i, (size_t)(argc - i)))
		return 1;
	all.client = calloc(all.world.specs, sizeof(*all.client));
	for (size_t n = 0; n < all.world.specs; n++)
		if (!open_client(&all, &all.client[n], &all.world.spec[n], stagger_ms))
			return 1;
	all.running = all.world.specs;
	event_base_dispatch(all.base);
	return write_results(&all, out) ? 0 : 1;
}
