/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Many clients that ask a resolver the same CAA questions at once, over UDP, each from an address of its own, and count
 *  their answers: every question is to get exactly one.
 *
 *  usage: clients SERVER FILE CLIENTS QUESTIONS-PER-SECOND SECONDS
 *  FILE has a name on each line.  Ends when all are answered and a second has passed, or SECONDS after the last question.
 *  Prints one JSON object. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	NAMES_MAX = 1000, CLIENTS_MAX = 60000,
	PACKET_MAX = 512, HEADER = 12, REPLY_MAX = 4096,
	TYPE_CAA = 257, CLASS_IN = 1, PORT = 53,
	EVENTS = 64, RCODES = 16,
	NS_PER_S = 1000000000,
	AFTERWARDS_NS = NS_PER_S,	/**< for answers that come twice */
	RECEIVE_BUFFER = 1 << 18
};

struct question {
	uint8_t packet[PACKET_MAX];	/**< its id is its number */
	size_t len;
};

static struct question question[NAMES_MAX];
static unsigned names, clients;
static int fd_of[CLIENTS_MAX];
static uint8_t *answers;		/**< of each client to each question */
static uint64_t asked, answered, twice, rcodes[RCODES];
static int64_t last_answer_ns;

static void fail(const char *what)
{
	fprintf(stderr, "clients: %s: %s\n", what, strerror(errno));
	exit(2);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void make_question(unsigned number, char *text)
{
	struct question *q = &question[number];
	uint8_t *at = q->packet + HEADER;

	put16(q->packet, number);
	q->packet[2] = 1;	/* RD */
	q->packet[5] = 1;	/* one question */
	for (char *label = strtok(text, "."); label != NULL; label = strtok(NULL, ".")) {
		size_t len = strlen(label);

		if (len > 63 || at + len + 6 > q->packet + PACKET_MAX) {
			fprintf(stderr, "clients: a name is too long\n");
			exit(2);
		}
		*at++ = (uint8_t)len;
		memcpy(at, label, len);
		at += len;
	}
	*at++ = 0;
	put16(at, TYPE_CAA);
	put16(at + 2, CLASS_IN);
	q->len = (size_t)(at + 4 - q->packet);
}

static void read_names(const char *path)
{
	char line[PACKET_MAX];
	FILE *file = fopen(path, "r");

	if (file == NULL)
		fail(path);
	while (names < NAMES_MAX && fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		make_question(names++, line);
	}
	fclose(file);
}

/** A client's socket, from an address below 127.1.0.0. */
static int open_client(unsigned number, const struct sockaddr_in *server, int epoll)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f010001u + number) };
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = number };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), size = RECEIVE_BUFFER;

	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0 ||
	    connect(fd, (const struct sockaddr *)server, sizeof(*server)) < 0 ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		fail("a client's socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

static void read_answers(unsigned client)
{
	uint8_t reply[REPLY_MAX];
	ssize_t len;

	while ((len = recv(fd_of[client], reply, sizeof(reply), 0)) >= HEADER) {
		unsigned number = (unsigned)(reply[0] << 8 | reply[1]);

		if (number >= names || (reply[2] & 0x80) == 0)
			continue;
		if (answers[(size_t)client * names + number]++ > 0) {
			twice++;
			continue;
		}
		answered++;
		rcodes[reply[3] & 0xf]++;
		last_answer_ns = now_ns();
	}
}

static void read_all(int epoll, int timeout_ms)
{
	struct epoll_event event[EVENTS];
	int count = epoll_wait(epoll, event, EVENTS, timeout_ms);

	for (int i = 0; i < count; i++)
		read_answers(event[i].data.u32);
}

static void ask(unsigned client, unsigned number)
{
	while (send(fd_of[client], question[number].packet, question[number].len, 0) < 0)
		if (errno != EAGAIN && errno != ENOBUFS)
			fail("send");
	asked++;
}

int main(int argc, char **argv)
{
	struct sockaddr_in server = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int epoll = epoll_create1(0);
	int64_t start_ns, wait_ns, last_ns;
	unsigned rate;

	if (argc != 6 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1) {
		fprintf(stderr, "usage: clients SERVER FILE CLIENTS QUESTIONS-PER-SECOND SECONDS\n");
		return 2;
	}
	read_names(argv[2]);
	clients = (unsigned)strtoul(argv[3], NULL, 10);
	rate = (unsigned)strtoul(argv[4], NULL, 10);
	wait_ns = (int64_t)strtoul(argv[5], NULL, 10) * NS_PER_S;
	if (clients == 0 || clients > CLIENTS_MAX || rate == 0)
		return 2;
	answers = calloc((size_t)clients * names, 1);
	if (answers == NULL || epoll < 0)
		fail("start");
	for (unsigned i = 0; i < clients; i++)
		fd_of[i] = open_client(i, &server, epoll);
	start_ns = now_ns();
	for (uint64_t i = 0; i < (uint64_t)clients * names; i++) {
		while (now_ns() < start_ns + (int64_t)(i * NS_PER_S / rate))
			read_all(epoll, 0);
		ask((unsigned)(i % clients), (unsigned)(i / clients));
	}
	last_ns = now_ns();
	while (now_ns() < last_ns + wait_ns && (answered < asked || now_ns() < last_answer_ns + AFTERWARDS_NS))
		read_all(epoll, 100);
	printf("{ \"asked\": %" PRIu64 ", \"answered\": %" PRIu64 ", \"twice\": %" PRIu64 ", \"noerror\": %" PRIu64
		", \"servfail\": %" PRIu64 ", \"nxdomain\": %" PRIu64 ", \"sending\": %.3f, \"seconds\": %.3f }\n", asked, answered, twice,
		rcodes[0], rcodes[2], rcodes[3], (double)(last_ns - start_ns) / NS_PER_S,
		(double)(last_answer_ns - start_ns) / NS_PER_S);
	return 0;
}
