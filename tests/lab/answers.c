/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Asks a resolver CAA, with the DO bit, for many names, and prints each answer on one line so that the answers of two
 *  resolvers can be compared with diff(1).
 *
 *  usage: lab_answers ADDRESS WINDOW < names
 *
 *  A line: the name, the RCODE, the AD bit or a dash, the records of the answer section, a bar, those of the authority
 *  section; records sorted, without their TTL.  For what ldns cannot read the line is NAME UNREADABLE.  What is truncated is asked again over TCP.  A name without an answer has
 *  the line NAME TIMEOUT.  Lines have the order of the names. */
#include "stream.h"

#include <arpa/inet.h>
#include <ldns/ldns.h>
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

enum { NAMES_MAX = 65536, WINDOW_MAX = 4096, TIMEOUT_MS = 60000, EDNS_SIZE = 1232, PACKET_MAX = 65535 };

static char *name[NAMES_MAX];		/* the message id is the index */
static char *line[NAMES_MAX];
static size_t name_count;
static struct sockaddr_in server = { .sin_family = AF_INET };

static void die(const char *what)
{
	fprintf(stderr, "lab_answers: %s\n", what);
	exit(2);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/** The records of a section, sorted, without TTL, owner names in lower case. */
static void print_section(FILE *out, ldns_rr_list *section)
{
	size_t count = ldns_rr_list_rr_count(section);
	char **text = calloc(count + 1, sizeof(*text));

	for (size_t i = 0; i < count; i++) {
		ldns_rr *rr = ldns_rr_list_rr(section, i);

		ldns_rr_set_ttl(rr, 0);
		ldns_dname2canonical(ldns_rr_owner(rr));
		text[i] = ldns_rr2str(rr);
		if (text[i] == NULL)
			text[i] = strdup("UNREADABLE");
		for (char *c = text[i]; *c != '\0'; c++)
			if (*c == '\t' || *c == '\n')
				*c = ' ';
	}
	qsort(text, count, sizeof(*text), by_text);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, " %s;", text[i]);
		free(text[i]);
	}
	free(text);
}

static size_t make_query(size_t id, uint8_t **wire)
{
	ldns_rdf *owner = ldns_dname_new_frm_str(name[id]);
	ldns_pkt *pkt = owner == NULL ? NULL :
		ldns_pkt_query_new(owner, LDNS_RR_TYPE_CAA, LDNS_RR_CLASS_IN, LDNS_RD);
	size_t len;

	if (pkt == NULL)
		die(name[id]);
	ldns_pkt_set_id(pkt, (uint16_t)id);
	ldns_pkt_set_edns_udp_size(pkt, EDNS_SIZE);
	ldns_pkt_set_edns_do(pkt, true);
	if (ldns_pkt2wire(wire, pkt, &len) != LDNS_STATUS_OK)
		die(name[id]);
	ldns_pkt_free(pkt);
	return len;
}

/** Ask over TCP, and wait. @return the length, 0 on error. */
static size_t ask_tcp(size_t id, uint8_t *reply)
{
	uint8_t *wire;
	size_t len = make_query(id, &wire), reply_len = stream_ask(&server, wire, len, 0, reply);

	free(wire);
	return reply_len;
}

/** @return whether the reply ended a question. */
static bool take(uint8_t *reply, size_t len)
{
	size_t id = len < 12 ? NAMES_MAX : (size_t)(reply[0] << 8 | reply[1]), text_len;
	ldns_pkt *pkt = NULL;
	char *rcode;
	FILE *out;

	if (id >= name_count || line[id] != NULL)
		return false;
	if ((reply[2] & 2) != 0)
		len = ask_tcp(id, reply);
	out = open_memstream(&line[id], &text_len);
	if (len == 0 || ldns_wire2pkt(&pkt, reply, len) != LDNS_STATUS_OK) {	/* data that is none of its type, for one */
		fprintf(out, "%s %s", name[id], len == 0 ? "TIMEOUT" : "UNREADABLE");
		fclose(out);
		return true;
	}
	rcode = ldns_pkt_rcode2str(ldns_pkt_get_rcode(pkt));
	fprintf(out, "%s %s %s", name[id], rcode != NULL ? rcode : "UNKNOWN", ldns_pkt_ad(pkt) ? "AD" : "-");
	print_section(out, ldns_pkt_answer(pkt));
	fputs(" |", out);
	print_section(out, ldns_pkt_authority(pkt));
	fclose(out);
	free(rcode);
	ldns_pkt_free(pkt);
	return true;
}

static void read_names(void)
{
	char text[512];

	while (fgets(text, sizeof(text), stdin) != NULL && name_count < NAMES_MAX) {
		text[strcspn(text, "\n")] = '\0';
		name[name_count++] = strdup(text);
	}
}

int main(int argc, char **argv)
{
	static uint8_t reply[PACKET_MAX];
	size_t window = argc == 3 ? strtoul(argv[2], NULL, 10) : 0, sent = 0, done = 0;
	int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 8 << 20;
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	signal(SIGPIPE, SIG_IGN);	/* a connection may end before it is asked */
	server.sin_port = htons(53);
	if (window == 0 || window > WINDOW_MAX || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1)
		die("usage: lab_answers ADDRESS WINDOW < names");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (connect(fd, (struct sockaddr *)&server, sizeof(server)) != 0)
		die("no socket");
	read_names();
	while (done < name_count) {
		while (sent < name_count && sent - done < window) {
			uint8_t *wire;
			size_t len = make_query(sent, &wire);

			if (send(fd, wire, len, 0) < 0)
				die("cannot send");
			free(wire);
			sent++;
		}
		if (poll(&poll_fd, 1, TIMEOUT_MS) <= 0)
			break;
		for (ssize_t n; (n = recv(fd, reply, sizeof(reply), MSG_DONTWAIT)) > 0;)
			done += take(reply, (size_t)n);
	}
	for (size_t i = 0; i < name_count; i++)
		printf("%s%s\n", line[i] != NULL ? line[i] : name[i], line[i] != NULL ? "" : " TIMEOUT");
	return done == name_count ? 0 : 1;
}
