/* SPDX-License-Identifier: BSD-3-Clause */
/** \file caa-climb: check names the way a certificate authority does.  Options in, exit status out. */
#ifdef HAVE_CAA_CONFIG_H
#include "caa-config.h"
#endif

#include "core/climb/climb_option.h"
#include "tool/ask.h"
#include "tool/check.h"
#include "tool/profile.h"
#include "tool/report.h"
#include "tool/sans.h"
#include "tool/servers.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

enum { EXIT_PASSED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

enum { SECONDS_MAX = 3600, EDNS_SIZE_MIN = 512, EDNS_SIZE_MAX = 65535 };	/* RFC 6891 s6.2.3 */

enum {
	OPT_AS = 256, OPT_TCP, OPT_UDP, OPT_HTTPS, OPT_DOH, OPT_DOH_CA, OPT_DOH_INSECURE, OPT_ORDER, OPT_TC, OPT_TIMEOUT,
	OPT_TRIES, OPT_TOTAL, OPT_IN_FLIGHT, OPT_QPS, OPT_ONE, OPT_EDNS_SIZE, OPT_NO_EDNS, OPT_AD, OPT_NO_AD, OPT_DNSSEC,
	OPT_EDE, OPT_JSON, OPT_VERSION
};

struct settings {
	struct caa_ask_options ask;
	struct caa_check_options check;
	struct caa_sans sans;
	struct caa_servers servers, urls;
	bool json, quiet;
};

static const char usage_text[] =
	"usage: caa-climb [options] NAME...\n"
	"       caa-climb [options] --cert FILE | --file FILE\n"
	"\n"
	"Checks names the way a certificate authority does before it issues (RFC 8659): asks CAA at each\n"
	"name and at its parents up to the TLD, and finds the Relevant RRset.\n"
	"\n"
	"  -c, --cert FILE       the names of the SAN list of a certificate or request, PEM or DER\n"
	"  -f, --file FILE       names from a file, one on a line; - is standard input\n"
	"      --as boulder|open-mpic  as the program of that name asks: what follows, each unless it is given;\n"
	"                        caa-climb(1) has the values\n"
	"  -s, --server ADDRESS[@PORT][,...]  the resolver; the first of /etc/resolv.conf if not given; of\n"
	"                        several each question, and each try of it, takes a random one\n"
	"      --udp, --tcp, --https  transport; UDP if not given\n"
	"      --doh URL         DNS over HTTPS, at that URL; several as those of --server\n"
	"      --doh-ca FILE     PEM file that the server's certificate is checked with\n"
	"      --doh-insecure    do not check it\n"
	"      --order parallel|climb  every label of every name at once (the default), or for each name\n"
	"                        one label after the other up to the first CAA RRset\n"
	"      --one CODE        each name in one question with the EDNS option of that code (caa-climb-option\n"
	"                        of unbound-caa), and label by label where the resolver does not know it\n"
	"      --tc tcp|fail     what is truncated over UDP is asked over TCP (the default), or has failed\n"
	"      --timeout SECONDS of one try; 60 if not given\n"
	"      --tries N         of each question; 1 if not given\n"
	"      --total SECONDS   of all tries of a question; 0, no limit, if not given\n"
	"      --max-in-flight N questions that wait for an answer at once; 16384 if not given\n"
	"      --qps N           questions sent in a second; 0, no limit, if not given\n"
	"      --edns-size N     octets that a UDP answer may have; 1232 if not given\n"
	"      --no-edns         ask without EDNS\n"
	"      --ad, --no-ad     ask with the AD bit, or without, the default\n"
	"      --dnssec          ask with the DO bit\n"
	"      --ede all|first   which Extended DNS Errors of an answer to show; all if not given\n"
	"      --json            print one JSON document\n"
	"  -q, --quiet           print the names that failed, and the summary\n"
	"  -h, --help            this text\n"
	"      --version         the version\n"
	"\n"
	"Exit status: 0 no name failed, 1 a name failed, 2 the arguments or an input file are wrong.\n";

static void complain(const char *text)
{
	fprintf(stderr, "caa-climb: %s\n", text);
}

static bool read_number(uint32_t *out, const char *option, const char *text, uint32_t min, uint32_t max)
{
	bool digits = text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
	unsigned long long number = digits && strlen(text) < 19 ? strtoull(text, NULL, 10) : 0;

	if (digits && number >= min && number <= max) {
		*out = (uint32_t)number;
		return true;
	}
	fprintf(stderr, "caa-climb: %s %s: allowed is a number in %u..%u\n", option, text, min, max);
	return false;
}

/** @param text: seconds with a decimal point or without; SECONDS_MAX at most. */
static bool read_seconds(uint32_t *out_ms, const char *option, const char *text, uint32_t min_ms)
{
	bool digits = strpbrk(text, "0123456789") != NULL && text[strspn(text, "0123456789.")] == '\0';
	char *end = NULL;
	double ms = digits ? strtod(text, &end) * 1000 + 0.5 : -1;

	if (digits && *end == '\0' && ms >= min_ms && ms < SECONDS_MAX * 1000.0 + 1) {
		*out_ms = (uint32_t)ms;
		return true;
	}
	fprintf(stderr, "caa-climb: %s %s: allowed are seconds in %g..%u\n", option, text, min_ms / 1000.0,
		(unsigned)SECONDS_MAX);
	return false;
}

/** @param second: whether text is that one. @return false if it is neither. */
static bool read_choice(bool *second, const char *option, const char *text, const char *one, const char *other)
{
	*second = strcmp(text, other) == 0;
	if (*second || strcmp(text, one) == 0)
		return true;
	fprintf(stderr, "caa-climb: %s %s: allowed is %s or %s\n", option, text, one, other);
	return false;
}

static bool read_server(struct settings *s, int option, const char *text)
{
	char err[CAA_SERVERS_TEXT_MAX];
	bool done = option == 's' ? caa_servers_add(&s->servers, text, err) : caa_servers_add_url(&s->urls, text, err);

	if (!done)
		fprintf(stderr, "caa-climb: %s %s: %s\n", option == 's' ? "--server" : "--doh", text, err);
	return done;
}

static bool read_input(struct settings *s, int option, const char *path)
{
	char err[CAA_SANS_TEXT_MAX];
	enum caa_res res = option == 'c' ? caa_sans_add_cert(&s->sans, path, err) : caa_sans_add_file(&s->sans, path, err);

	if (res != CAA_OK)
		complain(err);
	return res == CAA_OK;
}

/** @return EXIT_PASSED to go on. */
static int read_option(struct settings *s, int option, const char *arg)
{
	uint32_t number;

	switch (option) {
	case 'c':
	case 'f':
		return read_input(s, option, arg) ? EXIT_PASSED : EXIT_USAGE;
	case 's':
		return read_server(s, option, arg) ? EXIT_PASSED : EXIT_USAGE;
	case 'q':
		s->quiet = true;
		return EXIT_PASSED;
	case OPT_UDP:
		s->ask.transport = CAA_TRANSPORT_UDP;
		return EXIT_PASSED;
	case OPT_TCP:
		s->ask.transport = CAA_TRANSPORT_TCP;
		return EXIT_PASSED;
	case OPT_HTTPS:
		s->ask.transport = CAA_TRANSPORT_DOH;
		return EXIT_PASSED;
	case OPT_DOH:
		s->ask.transport = CAA_TRANSPORT_DOH;
		return read_server(s, option, arg) ? EXIT_PASSED : EXIT_USAGE;
	case OPT_DOH_CA:
		s->ask.ca_file = arg;
		return EXIT_PASSED;
	case OPT_DOH_INSECURE:
		s->ask.insecure = true;
		return EXIT_PASSED;
	case OPT_ORDER:
		return read_choice(&s->check.sequential, "--order", arg, "parallel", "climb") ? EXIT_PASSED : EXIT_USAGE;
	case OPT_TC:
		return read_choice(&s->ask.tc_fails, "--tc", arg, "tcp", "fail") ? EXIT_PASSED : EXIT_USAGE;
	case OPT_TIMEOUT:
		return read_seconds(&s->ask.timeout_ms, "--timeout", arg, 1) ? EXIT_PASSED : EXIT_USAGE;
	case OPT_TOTAL:
		return read_seconds(&s->ask.total_ms, "--total", arg, 0) ? EXIT_PASSED : EXIT_USAGE;
	case OPT_TRIES:
		return read_number(&s->ask.tries, "--tries", arg, 1, CAA_ASK_TRIES_MAX) ? EXIT_PASSED : EXIT_USAGE;
	case OPT_IN_FLIGHT:
		return read_number(&s->ask.in_flight_max, "--max-in-flight", arg, 1, 60000) ? EXIT_PASSED : EXIT_USAGE;
	case OPT_QPS:
		return read_number(&s->ask.qps, "--qps", arg, 0, 1000000) ? EXIT_PASSED : EXIT_USAGE;
	case OPT_ONE:
		if (!read_number(&number, "--one", arg, CAA_CLIMB_OPTION_MIN, CAA_CLIMB_OPTION_MAX))
			return EXIT_USAGE;
		s->ask.climb_option = s->check.climb_option = (uint16_t)number;
		return EXIT_PASSED;
	case OPT_EDNS_SIZE:
		if (!read_number(&number, "--edns-size", arg, EDNS_SIZE_MIN, EDNS_SIZE_MAX))
			return EXIT_USAGE;
		s->ask.edns_size = (uint16_t)number;
		return EXIT_PASSED;
	case OPT_NO_EDNS:
		s->ask.edns_size = 0;
		return EXIT_PASSED;
	case OPT_AD:
	case OPT_NO_AD:
		s->ask.ad = option == OPT_AD;
		return EXIT_PASSED;
	case OPT_DNSSEC:
		s->ask.dnssec = true;
		return EXIT_PASSED;
	case OPT_EDE:
		return read_choice(&s->check.first_ede, "--ede", arg, "all", "first") ? EXIT_PASSED : EXIT_USAGE;
	case OPT_AS:	/* read before all others */
		return EXIT_PASSED;
	case OPT_JSON:
		s->json = true;
		return EXIT_PASSED;
	}
	complain("see caa-climb --help");
	return EXIT_USAGE;
}

static const struct option options[] = {
	{ "cert", required_argument, NULL, 'c' },
	{ "file", required_argument, NULL, 'f' },
	{ "as", required_argument, NULL, OPT_AS },
	{ "server", required_argument, NULL, 's' },
	{ "udp", no_argument, NULL, OPT_UDP },
	{ "tcp", no_argument, NULL, OPT_TCP },
	{ "https", no_argument, NULL, OPT_HTTPS },
	{ "doh", required_argument, NULL, OPT_DOH },
	{ "doh-ca", required_argument, NULL, OPT_DOH_CA },
	{ "doh-insecure", no_argument, NULL, OPT_DOH_INSECURE },
	{ "order", required_argument, NULL, OPT_ORDER },
	{ "tc", required_argument, NULL, OPT_TC },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "tries", required_argument, NULL, OPT_TRIES },
	{ "total", required_argument, NULL, OPT_TOTAL },
	{ "max-in-flight", required_argument, NULL, OPT_IN_FLIGHT },
	{ "qps", required_argument, NULL, OPT_QPS },
	{ "one", required_argument, NULL, OPT_ONE },
	{ "edns-size", required_argument, NULL, OPT_EDNS_SIZE },
	{ "no-edns", no_argument, NULL, OPT_NO_EDNS },
	{ "ad", no_argument, NULL, OPT_AD },
	{ "no-ad", no_argument, NULL, OPT_NO_AD },
	{ "dnssec", no_argument, NULL, OPT_DNSSEC },
	{ "ede", required_argument, NULL, OPT_EDE },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 }
};

static const char short_options[] = "c:f:s:qh";

/** Set what --as has, before any other option is read, so that each of them overrides it wherever it stands. */
static bool apply_profile(struct settings *s, int argc, char **argv)
{
	const char *name = NULL;
	int option;

	opterr = 0;	/* what is wrong is said when all are read */
	while ((option = getopt_long(argc, argv, short_options, options, NULL)) != -1)
		if (option == OPT_AS)
			name = optarg;
	opterr = 1;
	optind = 0;	/* getopt_long() begins anew */
	if (caa_profile_apply(name, &s->ask, &s->check))
		return true;
	fprintf(stderr, "caa-climb: --as %s: allowed is %s\n", name, caa_profile_names);
	return false;
}

/** Find the servers: with DNS over HTTPS the URLs, if any is given. */
static bool choose_servers(struct settings *s)
{
	char err[CAA_SERVERS_TEXT_MAX];

	s->ask.servers = &s->servers;
	if (s->ask.transport == CAA_TRANSPORT_DOH && s->urls.count > 0)
		s->ask.servers = &s->urls;
	if (s->ask.servers->count > 0 || caa_servers_add_system(&s->servers, err))
		return true;
	complain(err);
	return false;
}

/** Tell options that contradict each other. */
static bool options_fit(const struct settings *s)
{
	if (s->ask.edns_size > 0 || (!s->ask.dnssec && s->ask.climb_option == 0))
		return true;
	fprintf(stderr, "caa-climb: %s needs EDNS: allowed is --edns-size with it, not --no-edns or what --as sets\n",
		s->ask.dnssec ? "--dnssec" : "--one");
	return false;
}

/** Read options and names, wherever they stand among each other.
 *  @param exit_now: set if the program is to end with the result. */
static int read_arguments(struct settings *s, int argc, char **argv, bool *exit_now)
{
	int option, status = EXIT_PASSED;
	char err[CAA_SANS_TEXT_MAX];

	*exit_now = true;
	if (!apply_profile(s, argc, argv))
		return EXIT_USAGE;
	while ((option = getopt_long(argc, argv, short_options, options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage_text, stdout);
			return EXIT_PASSED;
		}
		if (option == OPT_VERSION) {
			printf("caa-climb %s\n", PACKAGE_VERSION);
			return EXIT_PASSED;
		}
		status = read_option(s, option, optarg);
		if (status != EXIT_PASSED)
			return status;
	}
	for (; optind < argc; optind++) {
		if (caa_sans_add(&s->sans, argv[optind], "argument", err) != CAA_OK) {
			complain(err);
			return EXIT_USAGE;
		}
	}
	if (s->sans.count == 0) {
		complain("no names to check; see caa-climb --help");
		return EXIT_USAGE;
	}
	if (!options_fit(s) || !choose_servers(s))
		return EXIT_USAGE;
	*exit_now = false;
	return EXIT_PASSED;
}

static double seconds_between(const struct timeval *from, const struct timeval *to)
{
	struct timeval past;

	timersub(to, from, &past);
	return (double)past.tv_sec + (double)past.tv_usec / 1e6;
}

/** Ask and report. */
static int check(const struct settings *s, struct event_base *base, struct caa_asker *asker)
{
	bool progress = isatty(STDERR_FILENO) && !s->quiet;
	struct caa_checks *checks = caa_checks_create(&s->sans, asker, &s->check,
		progress ? caa_report_progress : NULL);
	struct timeval from, to;
	int status;

	if (checks == NULL) {
		complain("out of memory");
		return EXIT_USAGE;
	}
	gettimeofday(&from, NULL);
	if (caa_checks_start(checks, base))
		event_base_dispatch(base);
	gettimeofday(&to, NULL);
	if (progress)
		caa_report_progress_end();
	if (s->json)
		caa_report_json(checks, caa_asker_counts(asker), seconds_between(&from, &to));
	else
		caa_report_table(checks, caa_asker_counts(asker), seconds_between(&from, &to), s->quiet);
	status = caa_checks_failed(checks) == 0 ? EXIT_PASSED : EXIT_FAILED;
	caa_checks_destroy(checks);
	return status;
}

static int run(const struct settings *s)
{
	struct event_base *base = event_base_new();
	const char *err = "out of memory";
	struct caa_asker *asker = base != NULL ? caa_asker_create(base, &s->ask, &err) : NULL;
	int status = EXIT_USAGE;

	if (asker != NULL)
		status = check(s, base, asker);
	else
		complain(err);
	caa_asker_destroy(asker);
	if (base != NULL)
		event_base_free(base);
	return status;
}

int main(int argc, char **argv)
{
	struct settings s = { .ask = { .in_flight_max = 16384 } };
	bool exit_now;
	int status;

	signal(SIGPIPE, SIG_IGN);
	caa_sans_init(&s.sans);
	status = read_arguments(&s, argc, argv, &exit_now);
	if (!exit_now)
		status = run(&s);
	caa_sans_clear(&s.sans);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		complain("cannot write the report");
		return EXIT_USAGE;
	}
	return status;
}
