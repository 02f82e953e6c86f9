/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "behave.h"

enum { US_PER_MS = 1000, PERCENT = 100, SLOW_TCP_MS = 1500 };

/** One query on its way to an answer. */
struct asking {
	const struct world *world;
	struct side *side;
	const struct spec *spec;
	const struct address *server;
	unsigned address;
	enum transport transport;
	const struct sockaddr_in *from;
	uint64_t now_us;
	struct query q;
	struct reply truth;
	int zone;			/**< that the server answers from; -1 = none */
	struct count *count;
	char key[2 * NAME_TEXT];	/**< the name as the scenario writes it, for what happens by chance: the same in any slot */
	unsigned node;			/**< which of two nodes behind the address it came to */
	bool proved;			/**< by a server cookie of that node */
};

/** Whether each node has its own. */
static bool has_secrets(enum cookie_mode mode)
{
	return mode == COOKIE_SECRETS || mode == COOKIE_NAMES_SECRETS;
}

static void server_cookie(uint8_t out[static COOKIE_SERVER_LEN], const struct asking *a)
{
	char text[64];
	uint64_t hash;
	unsigned secret = a->server->secret_ms > 0 ?
		(unsigned)((a->now_us - a->side->first_us) / US_PER_MS / a->server->secret_ms) : 0;

	snprintf(text, sizeof(text), "%08x %02x%02x%02x%02x%02x%02x%02x%02x", a->from->sin_addr.s_addr, a->q.client_cookie[0],
		a->q.client_cookie[1], a->q.client_cookie[2], a->q.client_cookie[3], a->q.client_cookie[4], a->q.client_cookie[5],
		a->q.client_cookie[6], a->q.client_cookie[7]);
	hash = spec_hash(a->spec->seed, text, (has_secrets(a->server->cookie) ? a->node : 0) + 2 * secret +
		(a->server->cookie == COOKIE_PORT ? 7919u * a->from->sin_port : 0));
	memcpy(out, &hash, sizeof(hash));
}

/** Whether the second node knows no cookies. */
static bool knows_none(enum cookie_mode mode)
{
	return mode == COOKIE_SOME_NONE || mode == COOKIE_NAMES_NONE;
}

static bool has_proof(const struct asking *a)
{
	uint8_t right[COOKIE_SERVER_LEN];

	if (!a->q.has_server_cookie || a->server->cookie == COOKIE_NONE || a->server->cookie == COOKIE_ECHO ||
	    a->server->cookie == COOKIE_ALWAYS_BAD || (knows_none(a->server->cookie) && a->node == 1))
		return false;
	server_cookie(right, a);
	return memcmp(right, a->q.server_cookie, sizeof(right)) == 0;
}

static void add_cookie(struct asking *a, struct reply *reply)
{
	uint8_t cookie[COOKIE_CLIENT_LEN + COOKIE_SERVER_LEN];

	if (!a->q.cookie)
		return;
	memcpy(cookie, a->q.client_cookie, COOKIE_CLIENT_LEN);
	switch (a->server->cookie) {
	case COOKIE_NONE:
		return;
	case COOKIE_ECHO:
		reply_option(reply, OPTION_COOKIE, cookie, COOKIE_CLIENT_LEN);
		return;
	case COOKIE_SOME_NONE:
	case COOKIE_NAMES_NONE:
		if (a->node == 1)
			return;
		break;
	case COOKIE_GOOD:
	case COOKIE_REQUIRED:
	case COOKIE_ALWAYS_BAD:
	case COOKIE_SECRETS:
	case COOKIE_NAMES_SECRETS:
	case COOKIE_PORT:
		break;
	}
	server_cookie(cookie + COOKIE_CLIENT_LEN, a);
	reply_option(reply, OPTION_COOKIE, cookie, sizeof(cookie));
}

static bool is_type(enum type_class types, uint16_t type)
{
	switch (types) {
	case TYPES_ANY: return true;
	case TYPES_CAA: return type == T_CAA;
	case TYPES_DNSKEY: return type == T_DNSKEY;
	case TYPES_A: return type == T_A;
	case TYPES_NS: return type == T_NS;
	case TYPES_OTHER: return type != T_CAA;
	}
	return false;
}

static bool is_either(enum either either, bool value)
{
	return either == EITHER || (either == YES) == value;
}

/** @param lucky: set if a die is cast for it. */
static bool rule_applies(const struct asking *a, const struct rule *r, bool *lucky)
{
	unsigned since_ms = (unsigned)((a->now_us - a->side->first_us) / US_PER_MS);
	int index = spec_zone_of(a->spec, a->q.name);
	char host[NAME_TEXT];

	if (index < 0 || !spec_rule_is_for(r, &a->spec->zone[index], a->address) || !is_type(r->types, a->q.type) ||
	    !is_either(r->tcp, a->transport == OVER_TCP) || !is_either(r->edns, a->q.edns) || !is_either(r->cookie, a->q.cookie) ||
	    since_ms < r->from_ms || (r->to_ms > 0 && since_ms >= r->to_ms))
		return false;
	spec_host(host, &a->spec->zone[index], a->q.name);
	if (!spec_matches(r->name, host))
		return false;
	if (r->part_percent > 0 && spec_hash(a->spec->seed, a->key, 1000) % PERCENT >= r->part_percent)
		return false;
	*lucky |= r->chance_percent > 0;
	return r->chance_percent == 0 || spec_hash(a->spec->seed, a->key, 2000 + a->count->queries) % PERCENT < r->chance_percent;
}

static bool is_lost(const struct asking *a)
{
	uint64_t free_us = a->side->free_us[a->address];

	if (a->transport == OVER_UDP && free_us > a->now_us + (uint64_t)a->server->queue * a->server->serves_ms * US_PER_MS)
		return true;
	if (a->server->deaf_percent > 0 && spec_hash(a->spec->seed, "deaf", a->from->sin_port) % PERCENT < a->server->deaf_percent)
		return true;
	return a->server->loss_percent > 0 && a->transport == OVER_UDP &&
		spec_hash(a->spec->seed, a->key, 3000 + a->count->queries + 7u * a->q.type) % PERCENT < a->server->loss_percent;
}

static void without_records(struct reply *reply, unsigned rcode)
{
	reply->records = 0;
	reply->rcode = rcode;
}

static void deny(struct asking *a, unsigned rcode)
{
	without_records(&a->truth, rcode);
	a->truth.aa = true;
	if (a->zone >= 0 && a->spec->slot != 0)
		zone_deny(a->world, a->spec, a->zone, &a->q, &a->truth);
	if (a->zone >= 0 && a->spec->zone[a->zone].sign && a->q.do_bit)
		signer_sign(a->world->signer, a->spec->zone[a->zone].full, &a->truth);
}

static void remove_soa(struct reply *reply)
{
	size_t kept = 0;

	for (size_t i = 0; i < reply->records; i++)
		if (reply->record[i].type != T_SOA) {
			reply->record[kept] = reply->record[i];
			reply->in[kept++] = reply->in[i];
		}
	reply->records = kept;
}

static void other_case(uint8_t *question, size_t len)
{
	for (size_t i = 0; i + 4 < len; i++)
		if (isalpha(question[i]))
			question[i] = (uint8_t)tolower(question[i]);
}

/** Act on what is to be said.  @return false for silence. */
static bool act(struct asking *a, const struct rule *rule, unsigned *delay_ms)
{
	struct reply *reply = &a->truth;

	switch (rule->action) {
	case DO_ANSWER: break;
	case DO_NODATA: deny(a, RC_NOERROR); break;
	case DO_NXDOMAIN: deny(a, RC_NXDOMAIN); break;
	case DO_REFUSED: without_records(reply, RC_REFUSED); break;
	case DO_SERVFAIL: without_records(reply, RC_SERVFAIL); break;
	case DO_SERVFAIL_CNAME:
		without_records(reply, RC_SERVFAIL);
		reply_add_name(reply, ANSWER, a->q.name, T_CNAME, 60, "nowhere." HARM_TLD);
		break;
	case DO_NOTIMP: without_records(reply, RC_NOTIMP); break;
	case DO_FORMERR:
		without_records(reply, RC_FORMERR);
		reply->no_edns = true;
		break;
	case DO_BADVERS:
		if (a->q.edns)
			without_records(reply, RC_BADVERS);
		break;
	case DO_BADCOOKIE:
		if (a->q.edns)
			without_records(reply, RC_BADCOOKIE);
		break;
	case DO_TC: without_records(reply, RC_NOERROR); /* fall through */
	case DO_TC_RECORDS: reply->tc = true; break;
	case DO_DROP: return false;
	case DO_WRONG_ID: a->q.id ^= 0x5555; break;
	case DO_OTHER_CASE: other_case(a->q.question, a->q.question_len); break;
	case DO_NO_SOA: remove_soa(reply); break;
	case DO_NO_AA: reply->aa = false; break;
	case DO_UPWARD:
		without_records(reply, RC_NOERROR);
		reply->aa = false;
		reply_add_name(reply, AUTHORITY, "", T_NS, 3600, "ns.root");
		break;
	case DO_GARBAGE: break;
	case DO_SLOW: *delay_ms += rule->ms; break;
	case DO_EMPTY:
		without_records(reply, RC_NOERROR);
		reply->aa = false;
		break;
	case DO_FORMERR_BARE:
	case DO_REFUSED_BARE:
		without_records(reply, rule->action == DO_FORMERR_BARE ? RC_FORMERR : RC_REFUSED);
		reply->bare = true;
		break;
	case DO_OTHER_QUESTION: a->q.question[1] ^= 1; break;
	case DO_DISORDER: *delay_ms += spec_hash(a->spec->seed, a->key, a->q.type) % (rule->ms + 1); break;
	}
	return true;
}

/** @return how much longer than a round trip a query takes that is not lost. */
static unsigned takes_ms(struct asking *a)
{
	const struct address *s = a->server;
	uint64_t *free_us = &a->side->free_us[a->address];
	unsigned ms = 0;

	if (s->jitter_ms > 0)
		ms = spec_hash(a->spec->seed, a->key, 5000 + a->count->queries + 7u * a->q.type) % (s->jitter_ms + 1);
	if (s->serves_ms > 0) {
		*free_us = (*free_us > a->now_us ? *free_us : a->now_us) + (uint64_t)s->serves_ms * US_PER_MS;
		ms += (unsigned)((*free_us - a->now_us) / US_PER_MS);
	}
	return ms;
}

/** What a server that is bound to cookies says of them.  @return whether that is all it says. */
static bool insists_on_cookie(struct asking *a)
{
	enum cookie_mode mode = a->server->cookie;

	if (a->transport == OVER_TCP || !a->q.cookie || !(mode == COOKIE_ALWAYS_BAD || ((mode == COOKIE_REQUIRED || mode == COOKIE_PORT) && !a->proved)))
		return false;
	without_records(&a->truth, RC_BADCOOKIE);
	return true;
}

static void speak(struct asking *a, enum action action, struct outcome *out)
{
	struct reply *reply = &a->truth;

	if (a->server->edns == EDNS_IGNORE)
		reply->no_edns = true;
	if (a->server->edns == EDNS_ECHO) {
		memcpy(reply->options, a->q.options, a->q.options_len);
		reply->options_len = a->q.options_len;
	} else {
		add_cookie(a, reply);
	}
	out->len = wire_write(out->octets, &a->q, reply);
	if (a->transport == OVER_UDP && out->len > (a->q.udp_size < 512 ? 512 : a->q.udp_size)) {
		without_records(reply, reply->rcode);
		reply->tc = true;
		out->len = wire_write(out->octets, &a->q, reply);
	}
	if (a->transport == OVER_UDP && a->server->most_octets > 0 && out->len > a->server->most_octets) {
		a->count->lost++;
		out->len = 0;
		return;
	}
	if (action == DO_GARBAGE)
		out->octets[7] = 9;	/* there are fewer answers than that */
}

static void make_key(struct asking *a)
{
	int zone = spec_zone_of(a->spec, a->q.name);
	char host[NAME_TEXT] = "";

	if (zone < 0)
		return;
	spec_host(host, &a->spec->zone[zone], a->q.name);
	snprintf(a->key, sizeof(a->key), "%s.%s", host, a->spec->zone[zone].name);
}

static const struct rule *rule_for(const struct asking *a)
{
	const struct rule *found = NULL;
	bool lucky = false;

	for (size_t i = 0; i < a->spec->rules && found == NULL; i++)
		if (rule_applies(a, &a->spec->rule[i], &lucky))
			found = &a->spec->rule[i];
	a->count->lucky += lucky;
	return found;
}

/** NODATA or NXDOMAIN, and no delegation. */
static bool is_negative(const struct reply *reply)
{
	for (size_t i = 0; i < reply->records; i++)
		if (reply->in[i] == ANSWER)
			return false;
	return reply->aa;
}

static unsigned kind_of(const struct asking *a)
{
	return (unsigned)a->q.edns | (unsigned)a->q.cookie << 1 | (unsigned)a->proved << 2;
}

void behave(const struct world *world, struct side *side, unsigned address, enum transport transport,
	const struct sockaddr_in *from, const uint8_t *octets, size_t len, uint64_t now_us, struct outcome *out)
{
	struct asking a = { .world = world, .side = side, .spec = side->spec, .server = &side->spec->address[address],
		.address = address, .transport = transport, .from = from, .now_us = now_us };
	static const struct rule honest = { .action = DO_ANSWER };
	struct rule refusal = { .action = DO_DROP };
	const struct rule *rule = &honest;
	bool lost;

	out->len = 0;
	out->delay_ms = a.server->rtt_ms + (transport == OVER_TCP && a.server->tcp == TCP_SLOW ? SLOW_TCP_MS : 0);
	if (!wire_read(&a.q, octets, len))
		return;
	make_key(&a);
	a.count = side_count(side, a.q.name, a.q.type, address, transport, now_us);
	a.node = a.server->cookie == COOKIE_NAMES_NONE || a.server->cookie == COOKIE_NAMES_SECRETS ?
		spec_hash(a.spec->seed, a.key, 4000) % 2 : spec_hash(a.spec->seed, "node", side->queries) % 2;
	a.proved = has_proof(&a);
	a.zone = zone_answer(world, a.spec, address, &a.q, &a.truth);
	lost = side_refuses(side, &(struct charge){ .zone = spec_zone_of(a.spec, a.q.name), .address = address, .proved = a.proved,
		.tcp = transport == OVER_TCP, .negative = is_negative(&a.truth), .count = a.count, .now_us = now_us }, &refusal.action) || is_lost(&a);
	out->delay_ms += lost ? 0 : takes_ms(&a);
	if (lost) {
		a.count->lost++;
		rule = &refusal;
	} else if (insists_on_cookie(&a)) {
		side_did(a.count, kind_of(&a), DO_BADCOOKIE);
	} else {
		rule = rule_for(&a);
		if (rule == NULL)
			rule = &honest;
		side_did(a.count, kind_of(&a), rule->action);
	}
	if (act(&a, rule, &out->delay_ms))
		speak(&a, rule->action, out);
}
