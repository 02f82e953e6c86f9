/* SPDX-License-Identifier: BSD-3-Clause */
/** \file caa-probe: what of a zone's nameservers keeps a certificate authority from its answer.  Options in, exit status out. */
#ifdef HAVE_CAA_CONFIG_H
#include "caa-config.h"
#endif

#include "tool/probe/report.h"

#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

enum { EXIT_PASSED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

enum { OPT_TIMEOUT = 256, OPT_TRIES, OPT_BURST, OPT_FROM, OPT_CONTROL, OPT_JSON, OPT_VERSION };

enum {
	GAP_MS = 50,		/* between two queries to one address: 20 a second */
	LANE_MAX = 6,		/* queries under way to one address; those without an answer are to wait together */
	FROM_TIMEOUT_MS = 60000	/* a resolver is to try what it can */
};

struct settings {
	struct caa_exchange_options ask;
	struct caa_addr root, from;
	bool has_root, has_from, json;
	uint32_t burst;
	const char *control;
	const char *name;
};

static const char usage_text[] =
	"usage: caa-probe [options] NAME\n"
	"\n"
	"Finds the zone of a name and its delegation, and asks every address of its nameservers as the resolver of a\n"
	"certificate authority does before it issues: what passes, what does not, and what to change.\n"
	"\n"
	"  -s, --server ADDRESS[@PORT]  start here, instead of at the root servers\n"
	"      --timeout MS      of one try; 1500 if not given\n"
	"      --tries N         of each question; 2 if not given\n"
	"      --burst N         ask CAA for N names at once, 200 at most, as for a certificate of so many names\n"
	"      --from ADDRESS[@PORT]  ask this resolver too, and show what it says\n"
	"      --control FILE    with --from: its configuration file, for unbound-control caa_explain\n"
	"      --json            print one JSON document\n"
	"  -v, --verbose         say each query on standard error\n"
	"  -h, --help            this text\n"
	"      --version         the version\n"
	"\n"
	"Exit status: 0 a CA gets its answer, 1 it does not, 2 the arguments are wrong.\n";

static bool read_number(uint32_t *out, const char *option, const char *text, uint32_t min, uint32_t max)
{
	bool digits = text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
	unsigned long long number = digits && strlen(text) < 19 ? strtoull(text, NULL, 10) : 0;

	if (digits && number >= min && number <= max) {
		*out = (uint32_t)number;
		return true;
	}
	fprintf(stderr, "caa-probe: %s %s: allowed is a number in %u..%u\n", option, text, min, max);
	return false;
}

static bool read_address(struct caa_addr *out, bool *has, const char *option, const char *text)
{
	*has = caa_addr_parse(out, text) == CAA_OK;
	if (!*has)
		fprintf(stderr, "caa-probe: %s %s: allowed is an IPv4 or IPv6 address, and @PORT after it\n", option, text);
	return *has;
}

static bool read_option(struct settings *s, int option, const char *arg)
{
	uint32_t number = 0;
	bool good = true;

	switch (option) {
	case 's':
		return read_address(&s->root, &s->has_root, "--server", arg);
	case 'v':
		s->ask.log = stderr;
		return true;
	case OPT_TIMEOUT:
		good = read_number(&number, "--timeout", arg, 50, 60000);
		s->ask.timeout_ms = number;
		return good;
	case OPT_TRIES:
		good = read_number(&number, "--tries", arg, 1, 10);
		s->ask.tries = number;
		return good;
	case OPT_BURST:
		return read_number(&s->burst, "--burst", arg, 1, CAA_BURST_MAX);
	case OPT_FROM:
		return read_address(&s->from, &s->has_from, "--from", arg);
	case OPT_CONTROL:
		s->control = arg;
		return true;
	case OPT_JSON:
		return s->json = true;
	default:
		fputs("caa-probe: see caa-probe --help\n", stderr);
		return false;
	}
}

/** @return EXIT_PASSED to go on; *exit_now if there is nothing more to do. */
static int read_arguments(struct settings *s, int argc, char **argv, bool *exit_now)
{
	static const struct option options[] = {
		{ "server", required_argument, NULL, 's' }, { "timeout", required_argument, NULL, OPT_TIMEOUT },
		{ "tries", required_argument, NULL, OPT_TRIES }, { "burst", required_argument, NULL, OPT_BURST },
		{ "from", required_argument, NULL, OPT_FROM }, { "control", required_argument, NULL, OPT_CONTROL },
		{ "json", no_argument, NULL, OPT_JSON }, { "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, OPT_VERSION }, { NULL, 0, NULL, 0 }
	};
	int option;

	*exit_now = true;
	while ((option = getopt_long(argc, argv, "s:vh", options, NULL)) != -1) {
		if (option == 'h' || option == OPT_VERSION) {
			fputs(option == 'h' ? usage_text : "caa-probe " PACKAGE_VERSION "\n", stdout);
			return EXIT_PASSED;
		}
		if (!read_option(s, option, optarg))
			return EXIT_USAGE;
	}
	if (argc - optind != 1) {
		fprintf(stderr, "caa-probe: one name is wanted, here are %d\n", argc - optind);
		return EXIT_USAGE;
	}
	if (s->control != NULL && !s->has_from) {
		fputs("caa-probe: --control goes with --from\n", stderr);
		return EXIT_USAGE;
	}
	s->name = argv[optind];
	*exit_now = false;
	return EXIT_PASSED;
}

/** @return the name in lower case, a wildcard's without its asterisk (RFC 8659 s3); NULL, said, if it is none. */
static ldns_rdf *read_name(const char *text)
{
	ldns_rdf *name = ldns_dname_new_frm_str(strncmp(text, "*.", 2) == 0 ? text + 2 : text);

	if (name == NULL || ldns_dname_label_count(name) == 0 || text[0] == '.') {
		fprintf(stderr, "caa-probe: \"%s\" is not a domain name\n", text);
		ldns_rdf_deep_free(name);
		return NULL;
	}
	ldns_dname2canonical(name);
	return name;
}

static void burst(struct caa_probe *p, const struct settings *s)
{
	const struct caa_zone *z = p->zone[0];
	unsigned first = caa_burst_first(z, s->burst);
	char zone[CAA_NAME_TEXT];

	if (caa_probe_answering(p, z) == 0)
		return;
	fprintf(stderr, "caa-probe: sends %u queries for CAA at once over the %zu addresses of %s that answer, and at most 15"
		" to each right behind; %d in all at most\n", first, caa_probe_answering(p, z),
		caa_name_write(zone, z->cut->apex), CAA_BURST_MAX);
	caa_burst_run(p->burst, &p->findings, z, s->burst, &s->ask);
}

static void ask_resolver(struct caa_probe *p, const struct settings *s, const ldns_rdf *name)
{
	char text[CAA_NAME_TEXT];

	caa_from_ask(&p->from, &s->from, name, &s->ask, FROM_TIMEOUT_MS);
	if (s->control != NULL)
		caa_from_explain(&p->from, s->control, caa_name_write(text, name));
	if (!caa_from_good(&p->from))
		caa_find(&p->findings, CAA_PROBE_RESOLVER, true, p->zone[0]->cut, NULL,
			"the resolver %s gives no answer that a CA can use",
			p->from.resolver);
}

static int run(struct caa_probe *p, const struct settings *s, const ldns_rdf *name)
{
	if (!caa_probe_run(p, name, s->has_root ? &s->root : NULL, &s->ask)) {
		fputs("caa-probe: out of memory\n", stderr);
		return EXIT_USAGE;
	}
	if (s->burst > 0)
		burst(p, s);
	if (s->has_from)
		ask_resolver(p, s, name);
	if (s->json)
		caa_probe_json(p, s->name);
	else
		caa_probe_table(p, s->name);
	return caa_probe_passes(p) ? EXIT_PASSED : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	struct settings s = { .ask = { .timeout_ms = 1500, .tries = 2, .gap_ms = GAP_MS, .lane_max = LANE_MAX } };
	struct caa_probe *p = calloc(1, sizeof(*p));
	ldns_rdf *name = NULL;
	bool exit_now;
	int status = read_arguments(&s, argc, argv, &exit_now);

	signal(SIGPIPE, SIG_IGN);
	if (!exit_now) {
		name = read_name(s.name);
		status = p != NULL && name != NULL && sodium_init() >= 0 ? run(p, &s, name) : EXIT_USAGE;
	}
	if (p != NULL)
		caa_probe_clear(p);
	free(p);
	ldns_rdf_deep_free(name);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fputs("caa-probe: cannot write the report\n", stderr);
		return EXIT_USAGE;
	}
	return status;
}
