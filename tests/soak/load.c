/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Questions at a steady rate for a long time, each with an answer that is known: every one is to get it, once.
 *
 *  usage: soak_load SERVER SECONDS INTERVAL CAA-PER-SECOND OTHER-PER-SECOND ZONE=KIND...
 *  KIND: good (every answer has to come), limited (so it has, for CAA), faulty (an answer has to be right, or SERVFAIL).  In each
 *  zone xN.caa has CAA, xN.a has an address and no CAA, xN.nx is not there; N is drawn for every question.  One CAA question in ten is
 *  one of a client that leaves at once.
 *
 *  Every INTERVAL seconds a line of JSON on standard output, with sums since the start.  At SIGUSR1 the questions that are open are noted
 *  as ones that may be lost, or fail: the resolver has been told to reload.  Ends PATIENCE seconds after the last question at most. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	PORT = 53, ZONES_MAX = 32, SLOTS = 65536, PACKET_MAX = 512, REPLY_MAX = 4096, HEADER = 12, NAMES = 1000000,
	TYPE_A = 1, TYPE_CAA = 257, CLASS_IN = 1, FLAG_QR = 0x80, RCODE = 0x0f, SERVFAIL = 2, NXDOMAIN = 3,
	LEAVERS = 10, PATIENCE_S = 180, BUFFER = 8 << 20, TIMES_MAX = 1 << 16, MS_PER_S = 1000,
	LIMITED_EVERY_MS = 125	/**< that many a second are within every limit here */
};

enum kind { GOOD, LIMITED, FAULTY, KINDS };
static const char *const kind_name[KINDS] = { "good", "limited", "faulty" };

/** What is behind a name. */
enum behind { HAS_CAA, HAS_ADDRESS, IS_NOT_THERE, BEHINDS };
static const char *const label[BEHINDS] = { "caa", "a", "nx" };

struct zone {
	char *name;
	enum kind kind;
	int64_t asked_ms;	/**< when a limited one was asked last */
};

struct slot {
	bool open, excused, given_up;
	uint8_t zone, behind;
	bool caa;
	int64_t asked_ms;
};

/** What became of the questions of a kind, for CAA and for other types. */
struct sums { uint64_t asked, right, servfail, wrong, none, excused; };

static struct zone zone[ZONES_MAX];
static unsigned zones, next_slot, times, left;
static struct slot slot[SLOTS];
static struct sums sums[KINDS][2];
static uint64_t twice, late, full;	/**< late: answers to what was counted as not answered; full: no ID was free */
static uint32_t took_ms[TIMES_MAX];	/**< of answers for CAA in good zones, of this interval */
static volatile sig_atomic_t reloaded;
static struct sockaddr_in server = { .sin_family = AF_INET };
static uint64_t dice = 1;

static void die(const char *what)
{
	fprintf(stderr, "soak_load: %s: %s\n", what, strerror(errno));
	exit(2);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / 1000000;
}

static unsigned roll(unsigned below)
{
	dice ^= dice >> 12;
	dice ^= dice << 25;
	dice ^= dice >> 27;
	return (unsigned)((dice * UINT64_C(2685821657736338717) >> 20) % below);
}

static void on_reload(int number)
{
	(void)number;
	reloaded = 1;
}

static struct sums *sums_of(const struct slot *s)
{
	return &sums[zone[s->zone].kind][s->caa ? 0 : 1];
}

static size_t make_query(uint8_t packet[static PACKET_MAX], unsigned id, const struct slot *s)
{
	char text[256];
	size_t at = HEADER;
	unsigned type = s->caa ? TYPE_CAA : TYPE_A;

	memset(packet, 0, HEADER);
	packet[0] = (uint8_t)(id >> 8);
	packet[1] = (uint8_t)id;
	packet[2] = 1;	/* RD */
	packet[5] = 1;
	snprintf(text, sizeof(text), "x%u.%s.%s", roll(NAMES), label[s->behind], zone[s->zone].name);
	for (char *part = strtok(text, "."); part != NULL; part = strtok(NULL, ".")) {
		size_t len = strlen(part);

		packet[at++] = (uint8_t)len;
		memcpy(packet + at, part, len);
		at += len;
	}
	packet[at++] = 0;
	packet[at++] = (uint8_t)(type >> 8);
	packet[at++] = (uint8_t)type;
	packet[at++] = 0;
	packet[at++] = CLASS_IN;
	return at;
}

static void leave(const uint8_t *packet, size_t len)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		die("socket");
	(void)sendto(fd, packet, len, 0, (struct sockaddr *)&server, sizeof(server));
	close(fd);
	left++;
}

static void ask(int fd, bool caa)
{
	struct slot s = { .open = true, .caa = caa, .zone = (uint8_t)roll(zones), .behind = (uint8_t)roll(BEHINDS), .asked_ms = now_ms() };
	unsigned id = next_slot++ % SLOTS;
	uint8_t packet[PACKET_MAX];
	size_t len;

	for (unsigned tried = 1; slot[id].open && tried < SLOTS; tried++)
		id = next_slot++ % SLOTS;

	/* a limited zone is asked for CAA only, and no more than its limit lets through: the first zone is good */
	if (zone[s.zone].kind == LIMITED) {
		if (!caa || s.asked_ms < zone[s.zone].asked_ms + LIMITED_EVERY_MS)
			s.zone = 0;
		else
			zone[s.zone].asked_ms = s.asked_ms;
	}
	len = make_query(packet, id, &s);
	if (caa && roll(LEAVERS) == 0) {
		leave(packet, len);
		return;
	}
	if (slot[id].open) {
		full++;
		return;
	}
	slot[id] = s;
	sums_of(&s)->asked++;
	while (sendto(fd, packet, len, 0, (struct sockaddr *)&server, sizeof(server)) < 0)
		if (errno != EAGAIN && errno != ENOBUFS && errno != EINTR)
			die("send");
}

/** Whether an answer is what is known to be there. */
static bool is_right(const struct slot *s, const uint8_t *reply)
{
	unsigned rcode = reply[3] & RCODE, answers = (unsigned)(reply[6] << 8 | reply[7]);
	bool there = s->caa ? s->behind == HAS_CAA : s->behind == HAS_ADDRESS;

	if (s->behind == IS_NOT_THERE)
		return rcode == NXDOMAIN && answers == 0;
	return rcode == 0 && answers == (there ? 1 : 0);
}

static void take(const uint8_t *reply, size_t len)
{
	unsigned id = len < HEADER ? 0 : (unsigned)(reply[0] << 8 | reply[1]);
	struct slot *s = &slot[id];
	struct sums *of;

	if (len < HEADER || (reply[2] & FLAG_QR) == 0)
		return;
	if (!s->open) {
		if (s->given_up)
			late++;
		else
			twice++;
		s->given_up = false;
		return;
	}
	s->open = false;
	of = sums_of(s);
	if (is_right(s, reply))
		of->right++;
	else if ((reply[3] & RCODE) == SERVFAIL && s->excused)
		of->excused++;
	else if ((reply[3] & RCODE) == SERVFAIL)
		of->servfail++;
	else
		of->wrong++;
	if (s->caa && zone[s->zone].kind == GOOD && times < TIMES_MAX)
		took_ms[times++] = (uint32_t)(now_ms() - s->asked_ms);
}

static void read_answers(int fd, int timeout_ms)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	static uint8_t reply[REPLY_MAX];

	poll(&ready, 1, timeout_ms);
	for (ssize_t n; (n = recv(fd, reply, sizeof(reply), MSG_DONTWAIT)) > 0;)
		take(reply, (size_t)n);
}

/** Note what is late, and what a reload excuses. @return how many are open. */
static unsigned look_after(void)
{
	int64_t now = now_ms();
	unsigned open = 0;

	for (unsigned i = 0; i < SLOTS; i++) {
		struct slot *s = &slot[i];

		if (!s->open)
			continue;
		if (reloaded)
			s->excused = true;
		if (now - s->asked_ms > PATIENCE_S * MS_PER_S) {
			s->open = false;
			s->given_up = true;
			if (s->excused)
				sums_of(s)->excused++;
			else
				sums_of(s)->none++;
		}
		open += s->open;
	}
	reloaded = 0;
	return open;
}

static int by_time(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void print(unsigned open)
{
	qsort(took_ms, times, sizeof(took_ms[0]), by_time);
	printf("{");
	for (int kind = 0; kind < KINDS; kind++)
		for (int other = 0; other < 2; other++) {
			const struct sums *s = &sums[kind][other];

			printf("\"%s_%s\":{\"asked\":%lu,\"right\":%lu,\"servfail\":%lu,\"wrong\":%lu,\"none\":%lu,\"excused\":%lu},",
				kind_name[kind], other ? "other" : "caa", s->asked, s->right, s->servfail, s->wrong, s->none, s->excused);
		}
	printf("\"twice\":%lu,\"late\":%lu,\"full\":%lu,\"left\":%u,\"open\":%u,\"p50\":%u,\"p99\":%u}\n", twice, late, full, left, open,
		times > 0 ? took_ms[times / 2] : 0, times > 0 ? took_ms[(size_t)times * 99 / 100] : 0);
	fflush(stdout);
	times = 0;
}

static void read_zones(char **argument, int count)
{
	for (int i = 0; i < count && zones < ZONES_MAX; i++, zones++) {
		char *kind = strchr(argument[i], '=');

		if (kind == NULL)
			die("ZONE=KIND");
		*kind++ = '\0';
		zone[zones].name = argument[i];
		while (zone[zones].kind < KINDS && strcmp(kind_name[zone[zones].kind], kind) != 0)
			zone[zones].kind++;
		if (zone[zones].kind == KINDS)
			die(kind);
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_reload };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), size = BUFFER;
	int64_t start, end, next_print, interval, last_look;
	uint64_t asked[2] = { 0, 0 };
	unsigned rate[2], open = 0;

	if (argc < 7 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1)
		die("usage: soak_load SERVER SECONDS INTERVAL CAA-PER-SECOND OTHER-PER-SECOND ZONE=KIND...");
	server.sin_port = htons(PORT);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	sigaction(SIGUSR1, &action, NULL);
	start = last_look = now_ms();
	end = start + strtol(argv[2], NULL, 10) * MS_PER_S;
	interval = strtol(argv[3], NULL, 10) * MS_PER_S;
	next_print = start + interval;
	rate[0] = (unsigned)strtoul(argv[4], NULL, 10);
	rate[1] = (unsigned)strtoul(argv[5], NULL, 10);
	read_zones(argv + 6, argc - 6);
	for (int64_t now = start; now < end || (open > 0 && now < end + (PATIENCE_S + 2) * MS_PER_S); now = now_ms()) {
		for (int other = 0; other < 2 && now < end; other++)
			while (asked[other] < (uint64_t)(now - start) * rate[other] / MS_PER_S) {
				ask(fd, other == 0);
				if (++asked[other] % 64 == 0)
					read_answers(fd, 0);
			}
		read_answers(fd, 1);
		if (reloaded || now >= last_look + 500) {
			open = look_after();
			last_look = now;
		}
		if (now >= next_print && next_print <= end) {
			print(open);
			next_print += interval;
		}
	}
	print(look_after());
	return 0;
}
