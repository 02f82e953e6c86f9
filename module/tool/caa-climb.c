/* SPDX-License-Identifier: BSD-3-Clause */
/** \file caa-climb: check names the way a certificate authority does.  Options in, exit status out. */
#ifdef HAVE_CAA_CONFIG_H
#include "caa-config.h"
#endif

#include "core/addr.h"
#include "core/climb_option.h"
#include "tool/ask.h"
#include "tool/check.h"
#include "tool/report.h"
#include "tool/sans.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
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

enum {
	OPT_TCP = 256, OPT_UDP, OPT_DOH, OPT_DOH_CA, OPT_DOH_INSECURE, OPT_ORDER, OPT_TIMEOUT, OPT_TRIES,
	OPT_IN_FLIGHT, OPT_QPS, OPT_ONE, OPT_DNSSEC, OPT_JSON, OPT_VERSION, OPT_CERT
};

struct settings {
	struct caa_ask_options ask;
	struct caa_sans sans;
	bool sequential, json, quiet, has_server;
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
	"  -s, --server ADDRESS[@PORT]  the resolver; the first of /etc/resolv.conf if not given\n"
	"      --udp, --tcp      transport; UDP if not given, over TCP what is truncated\n"
	"      --doh URL         DNS over HTTPS\n"
	"      --doh-ca FILE     PEM file that the server's certificate is checked with\n"
	"      --doh-insecure    do not check it\n"
	"      --order parallel|climb  every label of every name at once (the default), or for each name\n"
	"                        one label after the other up to the first CAA RRset\n"
	"      --one CODE        each name in one question with the EDNS option of that code (caa-climb-option\n"
	"                        of unbound-caa), and label by label where the resolver does not know it\n"
	"      --timeout SECONDS of one try; 60 if not given\n"
	"      --tries N         of each question; 1 if not given\n"
	"      --max-in-flight N questions that wait for an answer at once; 16384 if not given\n"
	"      --qps N           questions sent in a second; 0, no limit, if not given\n"
	"      --dnssec          ask with the DO bit\n"
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

static bool read_server(struct settings *s, const char *text)
{
	struct caa_addr addr;

	if (caa_addr_parse(&addr, text) != CAA_OK) {
		fprintf(stderr, "caa-climb: --server %s: allowed is an IPv4 or IPv6 address, and @PORT after it\n", text);
		return false;
	}
	memset(&s->ask.server, 0, sizeof(s->ask.server));
	if (addr.family == CAA_IPV4) {
		struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(caa_addr_port(&addr)) };

		memcpy(&in.sin_addr, addr.ip, sizeof(in.sin_addr));
		memcpy(&s->ask.server, &in, s->ask.server_len = sizeof(in));
	} else {
		struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(caa_addr_port(&addr)) };

		memcpy(&in6.sin6_addr, addr.ip, sizeof(in6.sin6_addr));
		memcpy(&s->ask.server, &in6, s->ask.server_len = sizeof(in6));
	}
	return s->has_server = true;
}

/** The first nameserver of /etc/resolv.conf. */
static bool read_resolv_conf(struct settings *s)
{
	ldns_resolver *resolver = NULL;
	bool done = false;

	if (ldns_resolver_new_frm_file(&resolver, NULL) == LDNS_STATUS_OK &&
	    ldns_resolver_nameserver_count(resolver) > 0) {
		char *text = ldns_rdf2str(ldns_resolver_nameservers(resolver)[0]);

		done = text != NULL && read_server(s, text);
		free(text);
	}
	ldns_resolver_deep_free(resolver);
	if (!done)
		complain("/etc/resolv.conf names no server; use --server ADDRESS");
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
	uint32_t seconds, code;

	switch (option) {
	case 'c':
	case 'f':
		return read_input(s, option, arg) ? EXIT_PASSED : EXIT_USAGE;
	case 's':
		return read_server(s, arg) ? EXIT_PASSED : EXIT_USAGE;
	case 'q':
		s->quiet = true;
		return EXIT_PASSED;
	case OPT_UDP:
		s->ask.transport = CAA_TRANSPORT_UDP;
		return EXIT_PASSED;
	case OPT_TCP:
		s->ask.transport = CAA_TRANSPORT_TCP;
		return EXIT_PASSED;
	case OPT_DOH:
		s->ask.transport = CAA_TRANSPORT_DOH;
		s->ask.url = arg;
		return EXIT_PASSED;
	case OPT_DOH_CA:
		s->ask.ca_file = arg;
		return EXIT_PASSED;
	case OPT_DOH_INSECURE:
		s->ask.insecure = true;
		return EXIT_PASSED;
	case OPT_ORDER:
		s->sequential = strcmp(arg, "climb") == 0;
		if (s->sequential || strcmp(arg, "parallel") == 0)
			return EXIT_PASSED;
		fprintf(stderr, "caa-climb: --order %s: allowed is parallel or climb\n", arg);
		return EXIT_USAGE;
	case OPT_TIMEOUT:
		if (!read_number(&seconds, "--timeout", arg, 1, 3600))
			return EXIT_USAGE;
		s->ask.timeout_ms = seconds * 1000;
		return EXIT_PASSED;
	case OPT_TRIES:
		return read_number(&s->ask.tries, "--tries", arg, 1, 100) ? EXIT_PASSED : EXIT_USAGE;
	case OPT_IN_FLIGHT:
		return read_number(&s->ask.in_flight_max, "--max-in-flight", arg, 1, 60000) ? EXIT_PASSED : EXIT_USAGE;
	case OPT_QPS:
		return read_number(&s->ask.qps, "--qps", arg, 0, 1000000) ? EXIT_PASSED : EXIT_USAGE;
	case OPT_ONE:
		if (!read_number(&code, "--one", arg, CAA_CLIMB_OPTION_MIN, CAA_CLIMB_OPTION_MAX))
			return EXIT_USAGE;
		s->ask.climb_option = (uint16_t)code;
		return EXIT_PASSED;
	case OPT_DNSSEC:
		s->ask.dnssec = true;
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
	{ "server", required_argument, NULL, 's' },
	{ "udp", no_argument, NULL, OPT_UDP },
	{ "tcp", no_argument, NULL, OPT_TCP },
	{ "doh", required_argument, NULL, OPT_DOH },
	{ "doh-ca", required_argument, NULL, OPT_DOH_CA },
	{ "doh-insecure", no_argument, NULL, OPT_DOH_INSECURE },
	{ "order", required_argument, NULL, OPT_ORDER },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "tries", required_argument, NULL, OPT_TRIES },
	{ "max-in-flight", required_argument, NULL, OPT_IN_FLIGHT },
	{ "qps", required_argument, NULL, OPT_QPS },
	{ "one", required_argument, NULL, OPT_ONE },
	{ "dnssec", no_argument, NULL, OPT_DNSSEC },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 }
};

/** Read options and names, wherever they stand among each other.
 *  @param exit_now: set if the program is to end with the result. */
static int read_arguments(struct settings *s, int argc, char **argv, bool *exit_now)
{
	int option, status = EXIT_PASSED;
	char err[CAA_SANS_TEXT_MAX];

	*exit_now = true;
	while ((option = getopt_long(argc, argv, "c:f:s:qh", options, NULL)) != -1) {
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
	if (s->ask.transport != CAA_TRANSPORT_DOH && !s->has_server && !read_resolv_conf(s))
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
	struct caa_checks *checks = caa_checks_create(&s->sans, asker, s->sequential, s->ask.climb_option,
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
	struct settings s = { .ask = { .timeout_ms = 60000, .tries = 1, .in_flight_max = 16384 } };
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
