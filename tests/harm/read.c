/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "spec.h"

enum {
	WORDS_MAX = 48, LINE_MAX_OCTETS = 1024, WAIT_DEFAULT_S = 40, QUEUE_DEFAULT = 100,
	TYPE_A = 1, TYPE_MX = 15, TYPE_TXT = 16, TYPE_CAA = 257
};

static const char *const edns_words[] = { "normal", "ignore", "echo", NULL };
static const char *const cookie_words[] = {
	"none", "good", "required", "echo", "always-bad", "some-none", "names-none", "secrets", "names-secrets", "port", NULL
};
static const char *const tcp_words[] = { "open", "closed", "filtered", "reset-first", "reset", "slow", "one", "mute", "first", "zero", NULL };
static const char *const type_words[] = { "any", "caa", "dnskey", "a", "ns", "other", NULL };
static const char *const kind_words[] = { "bucket", "debt", "window", NULL };
static const char *const action_words[] = {
	"answer", "nodata", "nxdomain", "refused", "servfail", "servfail-cname", "notimp", "formerr", "badvers", "badcookie",
	"tc", "tc-records", "drop", "wrong-id", "other-case", "no-soa", "no-aa", "upward", "garbage", "slow", "disorder",
	"empty", "formerr-bare", "refused-bare", "other-question", NULL
};

/** A line, word by word. */
struct line {
	const char *path;
	unsigned number;
	char *word[WORDS_MAX];
	size_t words, next;
	bool bad;
};

const char *spec_action_text(enum action action)
{
	return action_words[action];
}

static void complain(struct line *line, const char *what, const char *about)
{
	fprintf(stderr, "%s:%u: %s '%s'\n", line->path, line->number, what, about);
	line->bad = true;
}

static const char *next_word(struct line *line)
{
	if (line->next < line->words)
		return line->word[line->next++];
	complain(line, "there is something missing after", line->word[line->words - 1]);
	return "";
}

static unsigned next_number(struct line *line)
{
	const char *text = next_word(line);
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*text == '\0' || *end != '\0')
		complain(line, "not a number:", text);
	return (unsigned)number;
}

static int next_choice(struct line *line, const char *const *words)
{
	const char *text = next_word(line);

	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], text) == 0)
			return i;
	complain(line, "unknown word", text);
	return 0;
}

static enum either next_either(struct line *line)
{
	static const char *const words[] = { "yes", "no", NULL };

	return next_choice(line, words) == 0 ? YES : NO;
}

static void next_text(struct line *line, char *out, size_t size)
{
	snprintf(out, size, "%s", next_word(line));
}

static unsigned next_addresses(struct line *line)
{
	const char *text = next_word(line);
	unsigned set = 0;

	for (; *text != '\0'; text++) {
		if (*text >= '1' && *text < '1' + ADDRESSES_MAX)
			set |= 1u << (*text - '1');
		else if (*text != ',')
			complain(line, "not a list of addresses:", text);
	}
	return set;
}

static uint16_t next_type(struct line *line)
{
	static const char *const words[] = { "a", "mx", "txt", "caa", NULL };
	static const uint16_t types[] = { TYPE_A, TYPE_MX, TYPE_TXT, TYPE_CAA };

	return types[next_choice(line, words)];
}

static int zone_named(const struct spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->zones; i++)
		if (strcmp(spec->zone[i].name, name) == 0)
			return (int)i;
	return -1;
}

static int next_zone(struct line *line, const struct spec *spec)
{
	const char *name = next_word(line);
	int found = zone_named(spec, name);

	if (found < 0)
		complain(line, "no such zone so far:", name);
	return found;
}

/** The next word, if it is this one. */
static bool is_next(struct line *line, const char *word)
{
	if (line->next >= line->words || strcmp(line->word[line->next], word) != 0)
		return false;
	line->next++;
	return true;
}

static void at_end(struct line *line)
{
	if (!line->bad && line->next < line->words)
		complain(line, "unexpected", line->word[line->next]);
}

static void read_address(struct spec *spec, struct line *line)
{
	unsigned number = next_number(line);
	struct address *a;

	if (number < 1 || number > ADDRESSES_MAX) {
		complain(line, "no such address:", line->word[1]);
		return;
	}
	a = &spec->address[number - 1];
	a->used = true;
	a->queue = QUEUE_DEFAULT;
	while (line->next < line->words && !line->bad) {
		if (is_next(line, "rtt")) a->rtt_ms = next_number(line);
		else if (is_next(line, "jitter")) a->jitter_ms = next_number(line);
		else if (is_next(line, "serves")) a->serves_ms = next_number(line);
		else if (is_next(line, "queue")) a->queue = next_number(line);
		else if (is_next(line, "most")) a->most_octets = next_number(line);
		else if (is_next(line, "dead")) a->dead = true;
		else if (is_next(line, "no-udp")) a->no_udp = true;
		else if (is_next(line, "deaf")) a->deaf_percent = next_number(line);
		else if (is_next(line, "secret")) a->secret_ms = next_number(line);
		else if (is_next(line, "loss")) a->loss_percent = next_number(line);
		else if (is_next(line, "edns")) a->edns = (enum edns_mode)next_choice(line, edns_words);
		else if (is_next(line, "cookie")) a->cookie = (enum cookie_mode)next_choice(line, cookie_words);
		else if (is_next(line, "tcp")) a->tcp = (enum tcp_mode)next_choice(line, tcp_words);
		else at_end(line);
	}
}

/** What a name becomes in the slot: z1 is z1-SLOT.harm. */
static void full_name(char *out, size_t size, const char *name, unsigned slot)
{
	snprintf(out, size, "%s-%u." HARM_TLD, name, slot);
}

struct adding {
	struct spec *spec;
	struct zone like;
};

static void add_zone(const char *name, void *arg)
{
	struct adding *adding = arg;
	struct spec *spec = adding->spec;
	struct zone *grown = realloc(spec->zone, (spec->zones + 1) * sizeof(*grown));
	struct zone *zone;
	const char *dot = strchr(name, '.');

	if (grown == NULL)
		abort();
	spec->zone = grown;
	zone = &spec->zone[spec->zones++];
	*zone = adding->like;
	snprintf(zone->name, sizeof(zone->name), "%s", name);
	full_name(zone->full, sizeof(zone->full), name, spec->slot);
	zone->parent = dot == NULL ? -1 : zone_named(spec, dot + 1);
}

static void read_zone(struct spec *spec, struct line *line)
{
	const char *name = next_word(line);
	struct adding adding = { .spec = spec, .like = { .parent = -1, .glue = -1, .cname = -1, .dname = -1, .ttl = TTL_DEFAULT } };
	struct zone *z = &adding.like;

	while (line->next < line->words && !line->bad) {
		if (is_next(line, "at")) z->at = next_addresses(line);
		else if (is_next(line, "signed")) z->sign = true;
		else if (is_next(line, "orphan")) z->orphan = true;
		else if (is_next(line, "ttl")) z->ttl = next_number(line);
		else if (is_next(line, "glue")) z->glue = next_zone(line, spec);
		else if (is_next(line, "cname")) z->cname = next_zone(line, spec);
		else if (is_next(line, "dname")) z->dname = next_zone(line, spec);
		else at_end(line);
	}
	if (z->at == 0)
		complain(line, "at no address:", name);
	if (!line->bad)
		spec_expand(name, add_zone, &adding);
}

static void read_rule(struct spec *spec, struct line *line)
{
	static const char *const transports[] = { "tcp", "udp", NULL };
	struct rule *r = &spec->rule[spec->rules];

	if (spec->rules == RULES_MAX) {
		complain(line, "too many rules", "");
		return;
	}
	*r = (struct rule){ .at = ~0u };
	while (line->next < line->words && !line->bad) {
		if (is_next(line, "at")) r->at = next_addresses(line);
		else if (is_next(line, "zone")) next_text(line, r->zones, sizeof(r->zones));
		else if (is_next(line, "type")) r->types = (enum type_class)next_choice(line, type_words);
		else if (is_next(line, "over")) r->tcp = next_choice(line, transports) == 0 ? YES : NO;
		else if (is_next(line, "edns")) r->edns = next_either(line);
		else if (is_next(line, "cookie")) r->cookie = next_either(line);
		else if (is_next(line, "from")) r->from_ms = next_number(line);
		else if (is_next(line, "to")) r->to_ms = next_number(line);
		else if (is_next(line, "name")) next_text(line, r->name, sizeof(r->name));
		else if (is_next(line, "part")) r->part_percent = next_number(line);
		else if (is_next(line, "chance")) r->chance_percent = next_number(line);
		else if (is_next(line, "do")) {
			r->action = (enum action)next_choice(line, action_words);
			if (r->action == DO_SLOW || r->action == DO_DISORDER)
				r->ms = next_number(line);
		} else at_end(line);
	}
	spec->rules++;
}

static void read_limit(struct spec *spec, struct line *line)
{
	static const char *const exempt[] = { "cookie", "tcp", "both", NULL };
	struct limit *l = &spec->limit[spec->limits];

	if (spec->limits == LIMITS_MAX) {
		complain(line, "too many limits", "");
		return;
	}
	*l = (struct limit){ .at = ~0u, .refuse = DO_DROP };
	while (line->next < line->words && !line->bad) {
		if (is_next(line, "at")) l->at = next_addresses(line);
		else if (is_next(line, "each")) l->each = true;
		else if (is_next(line, "zones")) l->per_zone = true;
		else if (is_next(line, "names")) l->per_name = true;
		else if (is_next(line, "negative")) l->negative = true;
		else if (is_next(line, "from")) l->from_ms = next_number(line);
		else if (is_next(line, "to")) l->to_ms = next_number(line);
		else if (is_next(line, "zone")) next_text(line, l->zones, sizeof(l->zones));
		else if (is_next(line, "rate")) l->rate = next_number(line);
		else if (is_next(line, "burst")) l->burst = next_number(line);
		else if (is_next(line, "kind")) l->kind = (enum limit_kind)next_choice(line, kind_words);
		else if (is_next(line, "ban")) l->ban_ms = next_number(line);
		else if (is_next(line, "refuse")) l->refuse = (enum action)next_choice(line, action_words);
		else if (is_next(line, "slip")) l->slip = next_number(line);
		else if (is_next(line, "exempt")) {
			int which = next_choice(line, exempt);

			l->exempt_cookie = which != 1;
			l->exempt_tcp = which != 0;
		} else at_end(line);
	}
	if (l->rate == 0)
		complain(line, "no rate in", "limit");
	if (l->burst == 0)
		l->burst = l->rate;
	spec->limits++;
}

static void read_ask(struct spec *spec, struct line *line)
{
	struct ask *a = &spec->ask[spec->asks];

	if (spec->asks == ASKS_MAX) {
		complain(line, "too many times", "ask");
		return;
	}
	*a = (struct ask){ .type = TYPE_CAA };
	if (is_next(line, "at"))
		a->at_ms = next_number(line);
	next_text(line, a->names, sizeof(a->names));
	while (line->next < line->words && !line->bad) {
		if (is_next(line, "gap")) a->gap_ms = next_number(line);
		else if (is_next(line, "climb")) a->climb = true;
		else if (is_next(line, "type")) a->type = next_type(line);
		else at_end(line);
	}
	spec->asks++;
}

static void read_expect(struct spec *spec, struct line *line)
{
	char *out = spec->expect[spec->expects];

	if (spec->expects == EXPECTS_MAX) {
		complain(line, "too many times", "expect");
		return;
	}
	out[0] = '\0';
	while (line->next < line->words) {
		size_t len = strlen(out);

		snprintf(out + len, NAME_TEXT - len, "%s%s", len > 0 ? " " : "", line->word[line->next++]);
	}
	spec->expects++;
}

/** What drive.sh acts on; of the options one matters here, too. */
static void read_for_driver(struct spec *spec, struct line *line)
{
	static const char *const options[] = { "chain", "caps", "nomin", "sources", "alone", "dns64", "few-tcp", NULL };

	if (is_next(line, "option"))
		spec->chain |= next_choice(line, options) == 0;
	else if (is_next(line, "threads"))
		(void)next_number(line);
	else if (is_next(line, "switch"))
		line->next = line->words;
}

static void read_rate(struct spec *spec, struct line *line)
{
	int zone = next_zone(line, spec);
	unsigned rate = next_number(line);

	if (zone >= 0)
		spec->zone[zone].rate = rate;
}

static void read_statement(struct spec *spec, struct line *line)
{
	static const char *const passes[] = { "cold", "warm", NULL };

	if (is_next(line, "address")) read_address(spec, line);
	else if (is_next(line, "zone")) read_zone(spec, line);
	else if (is_next(line, "rule")) read_rule(spec, line);
	else if (is_next(line, "limit")) read_limit(spec, line);
	else if (is_next(line, "ask")) read_ask(spec, line);
	else if (is_next(line, "expect")) read_expect(spec, line);
	else if (is_next(line, "passes")) spec->passes = 1u + (unsigned)next_choice(line, passes);
	else if (is_next(line, "seed")) spec->seed = next_number(line);
	else if (is_next(line, "wait")) spec->wait_s = next_number(line);
	else if (is_next(line, "caa-rate")) read_rate(spec, line);
	else read_for_driver(spec, line);
	at_end(line);
}

struct checking {
	const struct spec *spec;
	bool good;
};

static void check_name(const char *name, void *arg)
{
	struct checking *checking = arg;
	char full[2 * NAME_TEXT];

	full_name(full, sizeof(full), name, checking->spec->slot);
	if (spec_zone_of(checking->spec, full) < 0) {
		if (checking->good)
			fprintf(stderr, "%s: no zone has %s\n", checking->spec->path, name);
		checking->good = false;
	}
}

static bool checked(const struct spec *spec)
{
	struct checking names = { .spec = spec, .good = true };
	bool good = true;

	for (size_t i = 0; i < spec->asks; i++)
		spec_expand(spec->ask[i].names, check_name, &names);
	good &= names.good;
	for (size_t i = 0; i < spec->zones; i++)
		for (unsigned a = 0; a < ADDRESSES_MAX; a++)
			if ((spec->zone[i].at >> a & 1) != 0 && !spec->address[a].used) {
				fprintf(stderr, "%s: %s is at address %u, which is not there\n", spec->path, spec->zone[i].name, a + 1);
				good = false;
			}
	return good;
}

bool spec_read(struct spec *spec, const char *path, unsigned slot)
{
	FILE *file = fopen(path, "r");
	char text[LINE_MAX_OCTETS];
	struct line line = { .path = path };
	bool good = file != NULL;

	*spec = (struct spec){ .slot = slot, .passes = 2, .wait_s = WAIT_DEFAULT_S };
	snprintf(spec->path, sizeof(spec->path), "%s", path);
	if (file == NULL)
		perror(path);
	while (file != NULL && fgets(text, sizeof(text), file) != NULL) {
		char *rest = NULL;

		text[strcspn(text, "#\r\n")] = '\0';
		line = (struct line){ .path = path, .number = line.number + 1 };
		for (char *word = strtok_r(text, " \t", &rest); word != NULL && line.words < WORDS_MAX; word = strtok_r(NULL, " \t", &rest))
			line.word[line.words++] = word;
		if (line.words > 0)
			read_statement(spec, &line);
		good &= !line.bad;
	}
	if (file != NULL)
		fclose(file);
	return good && checked(spec);
}

