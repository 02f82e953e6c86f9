/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/servers.h"

#include <arpa/inet.h>
#include <ldns/ldns.h>
#include <netinet/in.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_address(struct caa_server *server, const struct caa_addr *addr)
{
	if (addr->family == CAA_IPV4) {
		struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(caa_addr_port(addr)) };

		memcpy(&in.sin_addr, addr->ip, sizeof(in.sin_addr));
		memcpy(&server->address, &in, server->address_len = sizeof(in));
	} else {
		struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(caa_addr_port(addr)) };

		memcpy(&in6.sin6_addr, addr->ip, sizeof(in6.sin6_addr));
		memcpy(&server->address, &in6, server->address_len = sizeof(in6));
	}
	caa_addr_text(server->text, addr);
}

/** @param port: "@" and a port, or "": the URL has none then. */
static void set_url(struct caa_server *server, const char *port)
{
	char ip[INET6_ADDRSTRLEN] = "";
	bool v6 = server->address.ss_family == AF_INET6;

	getnameinfo((const struct sockaddr *)&server->address, server->address_len, ip, sizeof(ip), NULL, 0, NI_NUMERICHOST);
	snprintf(server->url, sizeof(server->url), "https://%s%s%s%s%s/dns-query", v6 ? "[" : "", ip, v6 ? "]" : "",
		*port != '\0' ? ":" : "", *port != '\0' ? port + 1 : "");
}

/** @return room for one more; NULL if there is none. */
static struct caa_server *room(struct caa_servers *s, char err[static CAA_SERVERS_TEXT_MAX])
{
	if (s->count < CAA_SERVERS_MAX)
		return &s->server[s->count];
	snprintf(err, CAA_SERVERS_TEXT_MAX, "allowed are %u servers", (unsigned)CAA_SERVERS_MAX);
	return NULL;
}

static bool add_address(struct caa_servers *s, const char *text, char err[static CAA_SERVERS_TEXT_MAX])
{
	struct caa_server *server = room(s, err);
	struct caa_addr addr;

	if (server == NULL)
		return false;
	if (caa_addr_parse(&addr, text) != CAA_OK) {
		snprintf(err, CAA_SERVERS_TEXT_MAX, "allowed is an IPv4 or IPv6 address, and @PORT after it; several with commas "
			"between them");
		return false;
	}
	*server = (struct caa_server){ .address_len = 0 };
	set_address(server, &addr);
	set_url(server, text + strcspn(text, "@"));
	s->count++;
	return true;
}

bool caa_servers_add(struct caa_servers *s, const char *list, char err[static CAA_SERVERS_TEXT_MAX])
{
	for (;;) {
		size_t len = strcspn(list, ",");
		char *text = strndup(list, len);
		bool done = text != NULL && add_address(s, text, err);

		if (text == NULL)
			snprintf(err, CAA_SERVERS_TEXT_MAX, "out of memory");
		free(text);
		if (!done || list[len] == '\0')
			return done;
		list += len + 1;
	}
}

bool caa_servers_add_url(struct caa_servers *s, const char *url, char err[static CAA_SERVERS_TEXT_MAX])
{
	struct caa_server *server = room(s, err);

	if (server == NULL)
		return false;
	if (strncmp(url, "https://", strlen("https://")) != 0 || strlen(url) >= CAA_URL_MAX) {
		snprintf(err, CAA_SERVERS_TEXT_MAX, "allowed is a URL that begins with https://, of %u octets at most", CAA_URL_MAX - 1);
		return false;
	}
	*server = (struct caa_server){ .address_len = 0 };
	memcpy(server->url, url, strlen(url) + 1);
	s->count++;
	return true;
}

bool caa_servers_add_system(struct caa_servers *s, char err[static CAA_SERVERS_TEXT_MAX])
{
	ldns_resolver *resolver = NULL;
	bool done = false;

	if (ldns_resolver_new_frm_file(&resolver, NULL) == LDNS_STATUS_OK && ldns_resolver_nameserver_count(resolver) > 0) {
		char *text = ldns_rdf2str(ldns_resolver_nameservers(resolver)[0]);

		done = text != NULL && add_address(s, text, err);
		free(text);
	}
	ldns_resolver_deep_free(resolver);
	if (!done)
		snprintf(err, CAA_SERVERS_TEXT_MAX, "/etc/resolv.conf names no server; use --server ADDRESS");
	return done;
}
