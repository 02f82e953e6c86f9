/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/probe/report.h"

#include <stdlib.h>
#include <string.h>
#include "tool/probe/kind.h"

/** Print octets from outside for a terminal: anything but printable ASCII as \DDD; lines stay lines if they may. */
static void print_safe(const char *text, const char *indent)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '\n' && indent != NULL)
			printf("\n%s", text[1] != '\0' ? indent : "");
		else if (c >= ' ' && c <= '~')
			putchar(c);
		else
			printf("\\%03u", c);
	}
}

static const char *zone_name(char out[static CAA_NAME_TEXT], const struct caa_cut *cut)
{
	return caa_name_write(out, cut->apex);
}

static void server_text(char *out, size_t size, const struct caa_finding *f)
{
	char zone[CAA_NAME_TEXT];

	if (f->server != NULL)
		snprintf(out, size, "%s %s", f->server->ns, f->server->address);
	else
		snprintf(out, size, "zone %s", zone_name(zone, f->cut));
}

/** Columns of the first word of each line. */
static int widest(const struct caa_probe *p)
{
	size_t width = 0;

	for (size_t i = 0; i < p->findings.count; i++) {
		char text[2 * CAA_NAME_TEXT];

		server_text(text, sizeof(text), &p->findings.finding[i]);
		if (strlen(text) > width)
			width = strlen(text);
	}
	for (size_t i = 0; i < p->zones; i++)
		for (size_t k = 0; k < p->zone[i]->cut->servers; k++) {
			const struct caa_server *s = &p->zone[i]->cut->server[k];

			if (strlen(s->ns) + 1 + strlen(s->address) > width)
				width = strlen(s->ns) + 1 + strlen(s->address);
		}
	return width < 64 ? (int)width : 64;
}

static void print_rows(const struct caa_probe *p, const struct caa_server *server, const struct caa_cut *cut, int width)
{
	for (size_t i = 0; i < p->findings.count; i++) {
		const struct caa_finding *f = &p->findings.finding[i];
		char text[2 * CAA_NAME_TEXT];

		if (f->server != server || f->cut != cut)
			continue;
		server_text(text, sizeof(text), f);
		printf("%-*s  %-4s  %-10s  ", width, text, f->fails ? "FAIL" : "warn", caa_probe_check_word(f->check));
		print_safe(f->what, NULL);
		putchar('\n');
	}
}

/** The checks that an address passes, each after a separator, in quotes for JSON. */
static void print_passes(const struct caa_tested *t, const char *separator, const char *quote)
{
	bool first = true;

	for (int check = 0; check < CAA_PROBE_CHECK_COUNT; check++) {
		if ((t->passes & 1u << check) == 0)
			continue;
		printf("%s%s%s%s", first ? "" : separator, quote, caa_probe_check_word(check), quote);
		first = false;
	}
}

static bool has_rows(const struct caa_probe *p, const struct caa_server *server)
{
	for (size_t i = 0; i < p->findings.count; i++)
		if (p->findings.finding[i].server == server)
			return true;
	return false;
}

/** Whether zone i was looked at for another name before, as where two aliases lead to it. */
static bool is_repeated(const struct caa_probe *p, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (p->zone[k]->cut == p->zone[i]->cut)
			return true;
	return false;
}

static void print_zone(const struct caa_probe *p, const struct caa_zone *z, int width)
{
	for (size_t i = 0; i < z->cut->servers; i++) {
		const struct caa_tested *t = &z->tested[i];
		char text[2 * CAA_NAME_TEXT];

		if (t->server == NULL || has_rows(p, t->server))
			continue;
		snprintf(text, sizeof(text), "%s %s", t->server->ns, t->server->address);
		printf("%-*s  %s\n", width, text, t->no_route ? "-     no way to it from here, not judged" : "ok");
	}
	for (size_t i = 0; i < z->cut->servers; i++) {
		const struct caa_server *s = &z->cut->server[i];

		print_rows(p, s, z->cut, width);
		if (!has_rows(p, s) || z->tested[i].passes == 0)
			continue;
		printf("%-*s  pass  ", width, "");
		print_passes(&z->tested[i], " ", "");
		putchar('\n');
	}
	print_rows(p, NULL, z->cut, width);
}

/** What to change, each once; what fails a CA first. */
static void print_changes(const struct caa_probe *p)
{
	for (int fails = 1; fails >= 0; fails--) {
		for (size_t i = 0; i < p->findings.count; i++) {
			const struct caa_finding *f = &p->findings.finding[i];
			bool said = f->fails != (fails == 1);

			for (size_t k = 0; k < p->findings.count && !said; k++)
				said = p->findings.finding[k].change == f->change && (k < i ?
					p->findings.finding[k].fails == f->fails : p->findings.finding[k].fails && !f->fails);
			if (!said)
				printf("change: %s: %s\n", caa_probe_check_word(f->check), f->change);
		}
	}
}

static void print_counts(const struct caa_probe *p)
{
	char zone[CAA_NAME_TEXT];

	for (size_t i = 0; i < p->zones; i++) {
		if (p->zone[i]->tested[0].server == NULL)
			printf("%sthere is nobody to ask", i > 0 ? ", " : "");
		else
			printf("%s%zu of %zu addresses of %s answer", i > 0 ? ", " : "", caa_probe_answering(p, p->zone[i]),
				p->zone[i]->cut->servers, zone_name(zone, p->zone[i]->cut));
	}
	if (p->records != NULL) {
		printf("; CAA at %s: ", p->relevant);
		print_safe(p->records, NULL);
	} else if (caa_probe_passes(p)) {
		printf("; no CAA");
	}
	putchar('\n');
}

static void print_bursts(const struct caa_probe *p)
{
	for (size_t i = 0; p->zones > 0 && i < p->zone[0]->cut->servers; i++)
		if (p->burst[i].sent > 0)
			printf("burst: %s answers %u of %u queries at once\n", p->zone[0]->cut->server[i].address,
				p->burst[i].answered, p->burst[i].sent);
}

static void from_text(char out[static CAA_KIND_TEXT_MAX], const struct caa_from *from)
{
	struct caa_kind kind = { .is = CAA_KIND_RCODE };

	if (from->x.fate == CAA_FATE_ANSWERED)
		kind.rcode = caa_reply_rcode(from->x.reply);
	else
		kind = caa_kind_of(&from->x, from->x.query.name);
	caa_kind_text(out, kind);
}

static void print_from(const struct caa_probe *p)
{
	char text[CAA_KIND_TEXT_MAX];

	if (!p->from.asked)
		return;
	from_text(text, &p->from);
	printf("resolver %s: %s%s, after %u ms\n", p->from.resolver, text,
		p->from.x.reply != NULL && ldns_pkt_ad(p->from.x.reply) ? ", validated" : "", p->from.x.ms);
	for (unsigned i = 0; i < p->from.edes; i++) {
		printf("  EDE %u ", p->from.ede[i].code);
		print_safe(p->from.ede[i].text, NULL);
		putchar('\n');
	}
	if (p->from.explain != NULL) {
		printf("  ");
		print_safe(p->from.explain, "  ");
	}
}

void caa_probe_table(const struct caa_probe *p, const char *name)
{
	int width = widest(p);

	if (p->findings.count == 0) {
		printf("ok: %s: ", name);
		print_counts(p);
	} else {
		for (size_t i = 0; i < p->zones; i++)
			if (!is_repeated(p, i))
				print_zone(p, p->zone[i], width);
		printf("verdict: a CA %s for %s: ", caa_probe_passes(p) ? "gets its answer" : "does NOT get its answer", name);
		print_counts(p);
		print_changes(p);
	}
	print_bursts(p);
	print_from(p);
}

/** A JSON string; octets beyond ASCII by their number. */
static void json_string(const char *text)
{
	putchar('"');
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c >= ' ' && c <= '~')
			putchar(c);
		else
			printf("\\u%04x", c);
	}
	putchar('"');
}

static void json_member(const char *separator, const char *key, const char *value)
{
	printf("%s\"%s\":", separator, key);
	if (value != NULL)
		json_string(value);
	else
		printf("null");
}

static void json_server(const struct caa_probe *p, const struct caa_zone *z, size_t i)
{
	const struct caa_server *s = &z->cut->server[i];
	const struct caa_tested *t = &z->tested[i];
	bool asked = t->server != NULL && !t->no_route;

	json_member("{", "ns", s->ns);
	json_member(",", "address", s->address);
	printf(",\"verdict\":\"%s\",\"ms\":%u", !asked ? "not judged" : caa_found_failing(&p->findings, z->cut, s) ? "fails" :
		has_rows(p, s) ? "warns" : "ok", t->test[CAA_TEST_UDP].ms);
	printf(",\"passes\":[");
	print_passes(t, ",", "\"");
	putchar(']');
	if (z == p->zone[0] && p->burst[i].sent > 0) {
		const struct caa_burst *b = &p->burst[i];

		printf(",\"burst\":{\"sent\":%u,\"answered\":%u,\"truncated\":%u,\"refused\":%u", b->sent, b->answered,
			b->truncated, b->refused);
		json_member(",", "cookies", b->has_cookie ? caa_exempt_text(b->cookie) : NULL);
		json_member(",", "tcp", caa_exempt_text(b->tcp));
		putchar('}');
	}
	putchar('}');
}

static void json_zones(const struct caa_probe *p)
{
	printf(",\"zones\":[");
	for (size_t i = 0; i < p->zones; i++) {
		char zone[CAA_NAME_TEXT];

		json_member(i > 0 ? ",{" : "{", "zone", zone_name(zone, p->zone[i]->cut));
		printf(",\"signed\":%s,\"answering\":%zu,\"servers\":[",
			ldns_rr_list_rr_count(p->zone[i]->ds) > 0 ? "true" : "false", caa_probe_answering(p, p->zone[i]));
		for (size_t k = 0; k < p->zone[i]->cut->servers; k++) {
			printf("%s", k > 0 ? "," : "");
			json_server(p, p->zone[i], k);
		}
		printf("]}");
	}
	putchar(']');
}

static void json_findings(const struct caa_probe *p)
{
	printf(",\"findings\":[");
	for (size_t i = 0; i < p->findings.count; i++) {
		const struct caa_finding *f = &p->findings.finding[i];
		char zone[CAA_NAME_TEXT];

		json_member(i > 0 ? ",{" : "{", "zone", zone_name(zone, f->cut));
		json_member(",", "ns", f->server != NULL ? f->server->ns : NULL);
		json_member(",", "address", f->server != NULL ? f->server->address : NULL);
		json_member(",", "check", caa_probe_check_word(f->check));
		printf(",\"fails\":%s", f->fails ? "true" : "false");
		json_member(",", "what", f->what);
		json_member(",", "change", f->change);
		putchar('}');
	}
	putchar(']');
}

static void json_from(const struct caa_probe *p)
{
	char text[CAA_KIND_TEXT_MAX];

	if (!p->from.asked)
		return;
	from_text(text, &p->from);
	json_member(",\"resolver\":{", "address", p->from.resolver);
	json_member(",", "answer", text);
	printf(",\"good\":%s,\"ad\":%s,\"ms\":%u,\"ede\":[", caa_from_good(&p->from) ? "true" : "false",
		p->from.x.reply != NULL && ldns_pkt_ad(p->from.x.reply) ? "true" : "false", p->from.x.ms);
	for (unsigned i = 0; i < p->from.edes; i++) {
		printf("%s{\"code\":%u", i > 0 ? "," : "", p->from.ede[i].code);
		json_member(",", "text", p->from.ede[i].text);
		putchar('}');
	}
	putchar(']');
	json_member(",", "explain", p->from.explain);
	putchar('}');
}

void caa_probe_json(const struct caa_probe *p, const char *name)
{
	json_member("{", "name", name);
	printf(",\"passes\":%s", caa_probe_passes(p) ? "true" : "false");
	json_member(",", "owner", p->records != NULL ? p->relevant : NULL);
	json_member(",", "caa", p->records);
	json_zones(p);
	json_findings(p);
	json_from(p);
	printf("}\n");
}
