/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/probe/from.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/** Extended DNS Errors of the reply, as many as there is room for. */
static void take_edes(struct caa_from *from)
{
	const ldns_rdf *data = ldns_pkt_edns_data(from->x.reply);
	const uint8_t *octets = data != NULL ? ldns_rdf_data(data) : NULL;
	size_t size = data != NULL ? ldns_rdf_size(data) : 0;

	for (size_t at = 0, len; at + 4 <= size && from->edes < CAA_FROM_EDES_MAX; at += 4 + len) {
		len = (size_t)octets[at + 2] << 8 | octets[at + 3];
		if (at + 4 + len > size)
			return;
		if ((octets[at] << 8 | octets[at + 1]) != CAA_OPTION_EDE || len < 2)
			continue;
		from->ede[from->edes].code = (unsigned)(octets[at + 4] << 8 | octets[at + 5]);
		snprintf(from->ede[from->edes++].text, CAA_FROM_EDE_TEXT_MAX, "%.*s", (int)(len - 2),
			(const char *)octets + at + 6);
	}
}

void caa_from_ask(struct caa_from *from, const struct caa_addr *resolver, const ldns_rdf *name,
	const struct caa_exchange_options *o, unsigned timeout_ms)
{
	struct caa_exchange_options once = *o;
	struct caa_exchange *x = &from->x;

	once.timeout_ms = timeout_ms;
	once.tries = 1;
	from->asked = true;
	caa_addr_text(from->resolver, resolver);
	from->x = (struct caa_exchange){ .to = *resolver,
		.query = { .name = name, .type = LDNS_RR_TYPE_CAA, .edns = true, .dnssec = true, .recursive = true } };
	caa_exchanges_run(&x, 1, &once);
	if (x->fate == CAA_FATE_ANSWERED && ldns_pkt_edns(x->reply))
		take_edes(from);
}

/** What a program writes, to its end or as much as there is room for. @return NULL if it failed. */
static char *read_all(int fd, pid_t child)
{
	char *text = calloc(1, CAA_FROM_EXPLAIN_MAX);
	size_t len = 0;
	ssize_t n = 1;
	int status;

	while (text != NULL && n > 0 && len < CAA_FROM_EXPLAIN_MAX - 1) {
		n = read(fd, text + len, CAA_FROM_EXPLAIN_MAX - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	if (waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return text;
	free(text);
	return NULL;
}

void caa_from_explain(struct caa_from *from, const char *config, const char *name)
{
	int out[2];
	pid_t child;

	if (pipe(out) != 0)
		return;
	child = fork();
	if (child == 0) {
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		close(out[1]);
		execlp("unbound-control", "unbound-control", "-c", config, "caa_explain", name, (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	if (child > 0)
		from->explain = read_all(out[0], child);
	else
		close(out[0]);
}

bool caa_from_good(const struct caa_from *from)
{
	ldns_pkt_rcode rcode = from->x.reply != NULL ? ldns_pkt_get_rcode(from->x.reply) : LDNS_RCODE_SERVFAIL;

	return from->x.fate == CAA_FATE_ANSWERED && (rcode == LDNS_RCODE_NOERROR || rcode == LDNS_RCODE_NXDOMAIN);
}

void caa_from_clear(struct caa_from *from)
{
	caa_exchange_clear(&from->x);
	free(from->explain);
	memset(from, 0, sizeof(*from));
}
