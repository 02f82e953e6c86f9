/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Asks several resolvers the same questions at the same time, and lists where they answer otherwise than the first.
 *
 *  usage: compare_ask TTLS ANSWERS WINDOW NAME=ADDRESS[,TTL] NAME=ADDRESS[,TTL]... < questions
 *
 *  A question is a line NAME TYPE HOW; HOW is do (EDNS with the DO bit), ad (the AD bit), cd (DO and CD) or none (no EDNS).  WINDOW
 *  of them are under way.  The first resolver's answer is what the others' must be: RCODE, AD, the records of the answer section,
 *  and for a negative answer the SOA; signatures count by what they cover and who made them, AD not with the CD bit, where it says
 *  only whether somebody has asked without it before.  No TTL may be larger than that of the zone, in the file TTLS (ZONE TTL), nor
 *  than the resolver's own, where it has one: that of what is held.  What is truncated is asked again over TCP.
 *
 *  The first resolver's answers go to the file ANSWERS, each after its question.  Each difference is printed on standard output, and on the last lines, for each of the others, counts:
 *  NAME: QUESTIONS questions, SAME same, BETTER where the first has SERVFAIL or nothing, WORSE other differences, TTL TTLs too large,
 *  TWICE second answers.  The questions with one that is worse go to the file ANSWERS.worse, to be asked again.  Exit status 1 if there is one that is worse, of either kind. */
#include "stream.h"

#include <arpa/inet.h>
#include <ldns/ldns.h>
#include <poll.h>
#include <search.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	PORT = 53, SIDES_MAX = 4, WINDOW_MAX = 2048, TIMEOUT_S = 60, EDNS_SIZE = 1232, PACKET_MAX = 65535, LINE_MAX_OCTETS = 1200,
	HEADER = 12, FLAG_TC = 2, BUFFER = 8 << 20, ZONES_HASHED = 1 << 15, PRINTED_MAX = 400
};

/** One answer as it is compared; NULL = none. */
struct essence {
	char *text;
	bool servfail, ttl_too_large;
};

struct question {
	char *line, *name;
	ldns_rr_type type;
	char how;		/**< d, a, c, n */
	bool done[SIDES_MAX];
	struct essence answer[SIDES_MAX];
	unsigned open;
	time_t sent;
};

struct side {
	const char *name;
	struct sockaddr_in address;
	int fd;
	unsigned long ttl;	/**< of its own, 0 = none */
	unsigned long questions, same, better, worse, ttls, twice, late;
};

static struct side side[SIDES_MAX];
static unsigned sides, window;
static FILE *answers, *again;
static struct question *slot[WINDOW_MAX];	/**< by the id of the message */

static void die(const char *what)
{
	fprintf(stderr, "compare_ask: %s\n", what);
	exit(2);
}

/* --- the TTLs of zones ---------------------------------------------------------------------------------------------------- */

static void read_ttls(const char *path)
{
	char zone[512];
	unsigned long ttl;
	FILE *file = fopen(path, "r");

	if (file == NULL || hcreate(ZONES_HASHED) == 0)
		die(path);
	while (fscanf(file, "%511s %lu", zone, &ttl) == 2)
		if (hsearch((ENTRY){ strdup(zone), (void *)ttl }, ENTER) == NULL)
			die("too many zones");
	fclose(file);
}

/** The TTL of the zone that a name, in small letters, belongs to. */
static unsigned long ttl_of(const char *name)
{
	for (const char *at = name; at != NULL && *at != '\0'; at = strchr(at, '.')) {
		ENTRY *found;

		if (*at == '.' && at[1] != '\0')
			at++;
		found = hsearch((ENTRY){ (char *)at, NULL }, FIND);
		if (found != NULL)
			return (unsigned long)found->data;
	}
	die("a record of no zone");
	return 0;
}

/* --- what is compared --------------------------------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/** A signature by what it covers and who made it: when and how it was made differs where it is made for every answer. */
static char *signature_text(const ldns_rr *rr)
{
	char *owner = ldns_rdf2str(ldns_rr_owner(rr)), *covers = ldns_rdf2str(ldns_rr_rdf(rr, 0)), *algorithm = ldns_rdf2str(ldns_rr_rdf(rr, 1)),
		*labels = ldns_rdf2str(ldns_rr_rdf(rr, 2)), *signer = ldns_rdf2str(ldns_rr_rdf(rr, 7)), *text = NULL;

	if (asprintf(&text, "%s RRSIG %s %s %s %s", owner, covers, algorithm, labels, signer) < 0)
		die("out of memory");
	free(owner);
	free(covers);
	free(algorithm);
	free(labels);
	free(signer);
	return text;
}

static char *record_text(ldns_rr *rr)
{
	char *text;

	if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_RRSIG)
		return signature_text(rr);
	ldns_rr_set_ttl(rr, 0);
	text = ldns_rr2str(rr);
	text[strcspn(text, "\n")] = '\0';
	for (char *c = text; *c != '\0'; c++)
		if (*c == '\t')
			*c = ' ';
	return text;
}

/** The records of a section, or those of one type, sorted. */
static void add_section(FILE *out, ldns_rr_list *section, ldns_rr_type only, struct essence *e, unsigned long ttl)
{
	size_t count = ldns_rr_list_rr_count(section), texts = 0;
	char **text = calloc(count + 1, sizeof(*text)), *owner;

	for (size_t i = 0; i < count; i++) {
		ldns_rr *rr = ldns_rr_list_rr(section, i);

		if (only != 0 && ldns_rr_get_type(rr) != only)
			continue;
		ldns_rr2canonical(rr);
		owner = ldns_rdf2str(ldns_rr_owner(rr));
		e->ttl_too_large |= ldns_rr_ttl(rr) > ttl && ldns_rr_ttl(rr) > ttl_of(owner);
		free(owner);
		text[texts++] = record_text(rr);
	}
	qsort(text, texts, sizeof(*text), by_text);
	for (size_t i = 0; i < texts; i++) {
		fprintf(out, "; %s", text[i]);
		free(text[i]);
	}
	free(text);
}

static void take_essence(struct essence *e, const ldns_pkt *pkt, const struct side *from)
{
	char *rcode = ldns_pkt_rcode2str(ldns_pkt_get_rcode(pkt));
	size_t len;
	FILE *out = open_memstream(&e->text, &len);

	e->servfail = ldns_pkt_get_rcode(pkt) == LDNS_RCODE_SERVFAIL;
	fprintf(out, "%s%s", rcode, ldns_pkt_ad(pkt) && !ldns_pkt_cd(pkt) ? " AD" : "");
	add_section(out, ldns_pkt_answer(pkt), 0, e, from->ttl);
	add_section(out, ldns_pkt_authority(pkt), LDNS_RR_TYPE_SOA, e, from->ttl);
	fclose(out);
	free(rcode);
}

/* --- asking --------------------------------------------------------------------------------------------------------------------- */

static size_t make_query(const struct question *q, unsigned id, uint8_t **wire)
{
	ldns_rdf *owner = ldns_dname_new_frm_str(q->name);
	ldns_pkt *pkt = owner == NULL ? NULL : ldns_pkt_query_new(owner, q->type, LDNS_RR_CLASS_IN, LDNS_RD);
	size_t len;

	if (pkt == NULL)
		die(q->line);
	ldns_pkt_set_id(pkt, (uint16_t)id);
	ldns_pkt_set_ad(pkt, q->how == 'a');
	ldns_pkt_set_cd(pkt, q->how == 'c');
	if (q->how != 'n')
		ldns_pkt_set_edns_udp_size(pkt, EDNS_SIZE);
	ldns_pkt_set_edns_do(pkt, q->how == 'd' || q->how == 'c');
	if (ldns_pkt2wire(wire, pkt, &len) != LDNS_STATUS_OK)
		die(q->line);
	ldns_pkt_free(pkt);
	return len;
}

/** Ask over TCP, and wait. @return the length, 0 on error. */
static size_t ask_tcp(const struct side *s, const struct question *q, uint8_t *reply)
{
	uint8_t *wire;
	size_t len = make_query(q, 0, &wire), reply_len = stream_ask(&s->address, wire, len, TIMEOUT_S, reply);

	free(wire);
	return reply_len;
}

/** Whether a message is about a question: an id is used again when nothing has come for a minute. */
static bool is_about(const struct question *q, const uint8_t *reply, size_t len)
{
	ldns_rdf *name = ldns_dname_new_frm_str(q->name);
	ldns_pkt *pkt = NULL;
	bool is = ldns_wire2pkt(&pkt, reply, len) != LDNS_STATUS_OK;	/* or what cannot be read would be nobody's */
	const ldns_rr *asked = is ? NULL : ldns_rr_list_rr(ldns_pkt_question(pkt), 0);

	if (asked != NULL)
		is = ldns_rr_get_type(asked) == q->type && ldns_dname_compare(ldns_rr_owner(asked), name) == 0;
	ldns_rdf_deep_free(name);
	ldns_pkt_free(pkt);
	return is;
}

/** Take an answer: whether it is one, of a question that is open, on this side. */
static void take(unsigned which, uint8_t *reply, size_t len)
{
	unsigned id = len < HEADER ? WINDOW_MAX : (unsigned)(reply[0] << 8 | reply[1]);
	struct question *q = id < window ? slot[id] : NULL;
	ldns_pkt *pkt = NULL;

	if (q == NULL || q->done[which] || !is_about(q, reply, len)) {
		/* where one has not come in time, this may be it */
		side[which].twice += side[which].late == 0;
		return;
	}
	q->done[which] = true;
	q->open--;
	if ((reply[2] & FLAG_TC) != 0)
		len = ask_tcp(&side[which], q, reply);
	if (len < HEADER)
		return;
	if (ldns_wire2pkt(&pkt, reply, len) != LDNS_STATUS_OK) {
		q->answer[which].text = strdup("no message");
		return;
	}
	take_essence(&q->answer[which], pkt, &side[which]);
	ldns_pkt_free(pkt);
}

static void send_to_all(struct question *q, unsigned id)
{
	uint8_t *wire;
	size_t len = make_query(q, id, &wire);

	for (unsigned i = 0; i < sides; i++)
		if (send(side[i].fd, wire, len, 0) < 0)
			die("cannot send");
	q->open = sides;
	q->sent = time(NULL);
	slot[id] = q;
	free(wire);
}

/* --- comparing ------------------------------------------------------------------------------------------------------------------ */

static const char *text_of(const struct essence *e)
{
	return e->text != NULL ? e->text : "no answer";
}

static void print_difference(const struct question *q, unsigned which, const char *what)
{
	printf("%s: %s\n  %-8s %.*s\n  %-8s %.*s\n", q->line, what, side[0].name, PRINTED_MAX, text_of(&q->answer[0]),
		side[which].name, PRINTED_MAX, text_of(&q->answer[which]));
}

static void compare(const struct question *q)
{
	const struct essence *first = &q->answer[0];
	bool bad = false;

	fprintf(answers, "%s: %s\n", q->line, text_of(first));
	for (unsigned i = 0; i < sides; i++) {
		const struct essence *e = &q->answer[i];
		struct side *s = &side[i];

		s->questions++;
		s->late += e->text == NULL;
		if (i > 0 && e->ttl_too_large && !first->ttl_too_large) {
			s->ttls++;
			bad = true;
			print_difference(q, i, "a TTL is larger than the zone's");
		}
		if (strcmp(text_of(e), text_of(first)) == 0 || (e->servfail && first->servfail)) {
			s->same++;
		} else if ((first->text == NULL || first->servfail) && e->text != NULL) {
			s->better++;
			print_difference(q, i, "better");
		} else {
			s->worse++;
			bad = true;
			print_difference(q, i, "WORSE");
		}
	}
	if (bad)
		fprintf(again, "%s\n", q->line);
}

static struct question *next_question(void)
{
	static const char *const hows = "dacn";
	char line[LINE_MAX_OCTETS], name[LINE_MAX_OCTETS], type[32], how[8];
	struct question *q;

	if (fgets(line, sizeof(line), stdin) == NULL)
		return NULL;
	line[strcspn(line, "\n")] = '\0';
	q = calloc(1, sizeof(*q));
	if (q == NULL || sscanf(line, "%1199s %31s %7s", name, type, how) != 3 || strchr(hows, how[0]) == NULL)
		die(line);
	q->line = strdup(line);
	q->name = strdup(name);
	q->type = ldns_get_rr_type_by_name(type);
	q->how = how[0];
	return q;
}

static void free_question(struct question *q)
{
	for (unsigned i = 0; i < sides; i++)
		free(q->answer[i].text);
	free(q->line);
	free(q->name);
	free(q);
}

static void open_side(struct side *s, char *argument)
{
	char *address = strchr(argument, '='), *ttl;
	int size = BUFFER;

	if (address == NULL)
		die("NAME=ADDRESS");
	*address++ = '\0';
	ttl = strchr(address, ',');
	if (ttl != NULL) {
		s->ttl = strtoul(ttl + 1, NULL, 10);
		*ttl = '\0';
	}
	s->name = argument;
	s->address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(PORT) };
	s->fd = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (inet_pton(AF_INET, address, &s->address.sin_addr) != 1 ||
	    connect(s->fd, (struct sockaddr *)&s->address, sizeof(s->address)) != 0)
		die(address);
}

/** Read what has come, for a second at most. */
static void read_answers(void)
{
	static uint8_t reply[PACKET_MAX];
	struct pollfd ready[SIDES_MAX];

	for (unsigned i = 0; i < sides; i++)
		ready[i] = (struct pollfd){ .fd = side[i].fd, .events = POLLIN };
	poll(ready, sides, 1000);
	for (unsigned i = 0; i < sides; i++)
		for (ssize_t n; (n = recv(side[i].fd, reply, sizeof(reply), MSG_DONTWAIT)) > 0;)
			take(i, reply, (size_t)n);
}

static bool has_ended(const struct question *q)
{
	return q->open == 0 || time(NULL) - q->sent > TIMEOUT_S;
}

int main(int argc, char **argv)
{
	unsigned under_way = 0, status = 0;
	char worse[4096];
	bool more = true;

	window = argc >= 6 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
	if (window == 0 || window > WINDOW_MAX || argc - 4 > SIDES_MAX)
		die("usage: compare_ask TTLS ANSWERS WINDOW NAME=ADDRESS NAME=ADDRESS... < questions");
	read_ttls(argv[1]);
	answers = fopen(argv[2], "w");
	snprintf(worse, sizeof(worse), "%s.worse", argv[2]);
	again = fopen(worse, "w");
	if (answers == NULL || again == NULL)
		die(argv[2]);
	sides = (unsigned)argc - 4;
	for (unsigned i = 0; i < sides; i++)
		open_side(&side[i], argv[4 + i]);
	while (more || under_way > 0) {
		for (unsigned id = 0; id < window; id++) {
			if (slot[id] != NULL && has_ended(slot[id])) {
				compare(slot[id]);
				free_question(slot[id]);
				slot[id] = NULL;
				under_way--;
			}
			if (slot[id] == NULL && more) {
				struct question *q = next_question();

				more = q != NULL;
				if (more) {
					send_to_all(q, id);
					under_way++;
				}
			}
		}
		if (under_way > 0)
			read_answers();
	}
	for (unsigned i = 0; i < sides; i++) {
		const struct side *s = &side[i];

		printf("%s: %lu questions, %lu same, %lu better, %lu worse, %lu TTLs too large, %lu answers twice, %lu not at all\n", s->name,
			s->questions, s->same, s->better, s->worse, s->ttls, s->twice, s->late);
		status |= s->worse + s->ttls + s->twice > 0;
	}
	return fclose(answers) == 0 && fclose(again) == 0 ? (int)status : 2;
}
