/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Asks a resolver for many names over UDP, with so little work of its own that the resolver is what is measured: a
 *  client that costs as much as it would share the machine with it, and be the time that is measured.
 *
 *  usage: bench_load SERVER FILE TYPE one|climb|all IN-FLIGHT [RATE]
 *  FILE has a name on each line, TYPE is a number.  `one` asks for the names only; `climb` for each name and then, one after the
 *  other, for what is above it up to the TLD; `all` for the same, a name's questions at once.  IN-FLIGHT questions are under way.
 *  A question is asked once.  Prints one JSON object: questions, those without a definite answer, seconds.
 *  With RATE, of questions a second, each is asked when it is due, if no more are under way, and the object has the latencies that half
 *  of the answers, 99 and 99.9 of 100 did not exceed, in ms, from when the question was due. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	HEADER = 12, NAME_MAX_OCTETS = 255, QUERY_MAX = HEADER + NAME_MAX_OCTETS + 4 + 11, REPLY_MAX = 1500,
	CLASS_IN = 1, PORT = 53, EDNS_SIZE = 1232, TYPE_OPT = 41,
	FLAG_RD = 1, RCODE_BITS = 15, NXDOMAIN = 3,
	SLOTS_MAX = 8192,	/**< questions under way; a slot's number is the question's id */
	BATCH = 64,		/**< messages per system call */
	BUFFER = 8 << 20, PATIENCE_MS = 30000
};

enum order { ORDER_ONE, ORDER_CLIMB, ORDER_ALL };

struct slot {
	uint8_t query[QUERY_MAX];
	const uint8_t *name;	/**< what is asked; NULL = the slot is free */
	double due_s;		/**< when it was to be asked, at a rate */
};

static struct slot slot[SLOTS_MAX];
static uint8_t *names, *next_name, *names_end;	/**< in wire format, one behind the other */
static const uint8_t *rest;			/**< of the name whose questions are asked at once; NULL = none */
static enum order order;
static unsigned qtype, slots;
static uint64_t questions, under_way, failed;
static double rate;				/**< questions a second; 0 = as fast as they are answered */
static double *latency_ms;			/**< at a rate, of each answer */
static size_t latencies, latencies_max;
static int fd;

static struct mmsghdr out[BATCH], in[BATCH];
static struct iovec out_part[BATCH], in_part[BATCH];
static uint8_t in_data[BATCH][REPLY_MAX];
static unsigned out_count;

static void fail(const char *what)
{
	fprintf(stderr, "bench_load: %s: %s\n", what, strerror(errno));
	exit(2);
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* --- the names ------------------------------------------------------------------------------------------------------- */

static size_t name_len(const uint8_t *name)
{
	size_t len = 0;

	while (name[len] != 0)
		len += 1u + name[len];
	return len + 1;
}

/** @param at: room for the text and an octet more. @return octets. */
static size_t to_wire(uint8_t *at, const char *text)
{
	uint8_t *start = at;

	while (*text != '\0') {
		size_t len = strcspn(text, ".");

		if (len == 0 || len > 63 || (size_t)(at - start) + len > NAME_MAX_OCTETS - 2)
			fail(text);
		*at++ = (uint8_t)len;
		memcpy(at, text, len);
		at += len;
		text += len + (text[len] == '.');
	}
	*at++ = 0;
	return (size_t)(at - start);
}

static void read_names(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[NAME_MAX_OCTETS + 2];
	size_t size = 0, used = 0;

	if (file == NULL)
		fail(path);
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (used + sizeof(line) + 2 > size && (names = realloc(names, size = 2 * size + 65536)) == NULL)
			fail("memory");
		used += to_wire(names + used, line);
	}
	fclose(file);
	next_name = names;
	names_end = names + used;
}

/** @return the next of the file; NULL at its end. */
static const uint8_t *take_name(void)
{
	const uint8_t *name = next_name;

	if (name == names_end)
		return NULL;
	next_name += name_len(name);
	return name;
}

/** @return what is above a name; NULL if that is the root. */
static const uint8_t *above(const uint8_t *name)
{
	const uint8_t *parent = name + 1 + name[0];

	return parent[0] != 0 ? parent : NULL;
}

/** @param asked: what the slot has asked before; NULL = nothing. @return what it asks now; NULL = nothing is left. */
static const uint8_t *next_question(const uint8_t *asked)
{
	const uint8_t *name;

	switch (order) {
	case ORDER_ONE:
		return take_name();
	case ORDER_CLIMB:
		name = asked != NULL ? above(asked) : NULL;
		return name != NULL ? name : take_name();
	case ORDER_ALL:
		name = rest != NULL ? rest : take_name();
		rest = name != NULL ? above(name) : NULL;
		return name;
	}
	return NULL;
}

/* --- on the wire ------------------------------------------------------------------------------------------------------- */

static void flush(void)
{
	for (unsigned done = 0; done < out_count;) {
		int count = sendmmsg(fd, out + done, out_count - done, 0);
		struct pollfd writable = { .fd = fd, .events = POLLOUT };

		if (count > 0)
			done += (unsigned)count;
		else if (errno == EAGAIN || errno == ENOBUFS)
			poll(&writable, 1, 1);
		else
			fail("send");
	}
	out_count = 0;
}

/** Let a slot ask its next question. */
static void ask(struct slot *s)
{
	size_t len;

	s->name = next_question(s->name);
	if (s->name == NULL)
		return;
	len = name_len(s->name);
	memset(s->query, 0, HEADER);
	put16(s->query, (unsigned)(s - slot));
	s->query[2] = FLAG_RD;
	put16(s->query + 4, 1);
	put16(s->query + 10, 1);
	memcpy(s->query + HEADER, s->name, len);
	put16(s->query + HEADER + len, qtype);
	put16(s->query + HEADER + len + 2, CLASS_IN);
	memset(s->query + HEADER + len + 4, 0, 11);
	put16(s->query + HEADER + len + 5, TYPE_OPT);
	put16(s->query + HEADER + len + 7, EDNS_SIZE);
	out_part[out_count] = (struct iovec){ s->query, HEADER + len + 4 + 11 };
	out[out_count].msg_hdr = (struct msghdr){ .msg_iov = &out_part[out_count], .msg_iovlen = 1 };
	questions++;
	under_way++;
	if (++out_count == BATCH)
		flush();
}

static void answered(const uint8_t *reply, size_t len)
{
	unsigned id = len >= HEADER ? (unsigned)(reply[0] << 8 | reply[1]) : SLOTS_MAX;
	unsigned rcode = len >= HEADER ? reply[3] & RCODE_BITS : 0;

	if (id >= slots || slot[id].name == NULL)
		return;
	failed += rcode != 0 && rcode != NXDOMAIN;
	under_way--;
	if (rate == 0) {
		ask(&slot[id]);
		return;
	}
	slot[id].name = NULL;
	if (latencies < latencies_max)
		latency_ms[latencies++] = (now_s() - slot[id].due_s) * 1000;
}

/** @param wait_ms: for the first answer. @return false if none comes. */
static bool receive(int wait_ms)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	int count;

	if (poll(&readable, 1, wait_ms) == 0)
		return false;
	for (unsigned i = 0; i < BATCH; i++) {
		in_part[i] = (struct iovec){ in_data[i], REPLY_MAX };
		in[i].msg_hdr = (struct msghdr){ .msg_iov = &in_part[i], .msg_iovlen = 1 };
	}
	count = recvmmsg(fd, in, BATCH, MSG_DONTWAIT, NULL);
	if (count < 0 && errno != EAGAIN)
		fail("receive");
	for (int i = 0; i < count; i++)
		answered(in_data[i], in[i].msg_len);
	flush();
	return true;
}

/** As fast as they are answered. */
static void load_full(void)
{
	for (unsigned i = 0; i < slots; i++)
		ask(&slot[i]);
	flush();
	while (under_way > 0)
		if (!receive(PATIENCE_MS)) {
			failed += under_way;
			return;
		}
}

/** @return a slot that is free; NULL if there is none. */
static struct slot *free_slot(void)
{
	static unsigned next;

	for (unsigned tried = 0; tried < slots; tried++) {
		struct slot *s = &slot[next++ % slots];

		if (s->name == NULL)
			return s;
	}
	return NULL;
}

/** At a rate.  A question that is due while all slots are taken is late, and its latency is longer by that. */
static void load_rate(void)
{
	double start_s = now_s(), heard_s = start_s;
	bool more = true;

	while (more || under_way > 0) {
		double now = now_s(), due_s = start_s + (double)questions / rate;
		struct slot *s = NULL;

		while (more && due_s <= now && (s = free_slot()) != NULL) {
			s->due_s = due_s;
			ask(s);
			more = s->name != NULL;
			due_s = start_s + (double)questions / rate;
		}
		flush();
		if (receive(more && due_s > now ? (int)((due_s - now) * 1000) : 1))
			heard_s = now;
		if (under_way > 0 && now - heard_s > PATIENCE_MS / 1000) {
			failed += under_way;
			return;
		}
	}
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile_ms(double part)
{
	size_t at = (size_t)(part * (double)latencies);

	return latencies > 0 ? latency_ms[at < latencies ? at : latencies - 1] : 0;
}

static void open_socket(const char *server)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int size = BUFFER;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (inet_pton(AF_INET, server, &to.sin_addr) != 1 || fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		fail(server);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
}

int main(int argc, char **argv)
{
	double from, seconds;

	if (argc != 6 && argc != 7) {
		fputs("usage: bench_load SERVER FILE TYPE one|climb|all IN-FLIGHT [RATE]\n", stderr);
		return 2;
	}
	qtype = (unsigned)atoi(argv[3]);
	order = strcmp(argv[4], "one") == 0 ? ORDER_ONE : strcmp(argv[4], "climb") == 0 ? ORDER_CLIMB : ORDER_ALL;
	slots = (unsigned)atoi(argv[5]);
	if (slots == 0 || slots > SLOTS_MAX)
		fail("too many in flight");
	read_names(argv[2]);
	open_socket(argv[1]);
	rate = argc == 7 ? atof(argv[6]) : 0;
	latencies_max = (size_t)(names_end - names);	/* no name is shorter than an octet */
	if (rate > 0 && (latency_ms = calloc(latencies_max, sizeof(*latency_ms))) == NULL)
		fail("memory");
	from = now_s();
	if (rate > 0)
		load_rate();
	else
		load_full();
	seconds = now_s() - from;
	printf("{\"questions\": %llu, \"failed\": %llu, \"seconds\": %.6f", (unsigned long long)questions,
		(unsigned long long)failed, seconds);
	if (rate > 0) {
		qsort(latency_ms, latencies, sizeof(*latency_ms), by_size);
		printf(", \"p50\": %.3f, \"p99\": %.3f, \"p999\": %.3f", quantile_ms(0.5), quantile_ms(0.99), quantile_ms(0.999));
	}
	puts("}");
	return failed != 0;
}
