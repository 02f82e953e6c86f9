/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The resolvers to ask: addresses, or URLs for DNS over HTTPS.  One thread. */
#ifndef CAA_TOOL_SERVERS_H
#define CAA_TOOL_SERVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include "core/wire/addr.h"

enum {
	CAA_SERVERS_MAX = 16,
	CAA_URL_MAX = 512,		/**< octets of a URL with NUL */
	CAA_SERVERS_TEXT_MAX = 640	/**< octets of an error text with NUL */
};

struct caa_server {
	struct sockaddr_storage address;	/**< for UDP and TCP; unused if the server was given as a URL */
	socklen_t address_len;
	char text[CAA_ADDR_TEXT_MAX];		/**< the address, for messages */
	char url[CAA_URL_MAX];			/**< for DNS over HTTPS */
};

struct caa_servers {
	struct caa_server server[CAA_SERVERS_MAX];
	size_t count;
};

/** Add the addresses of a list, with commas between them.  Their URLs are https://ADDRESS[:PORT]/dns-query.
 *  @param err: set on error. @return whether all are addresses, and have room. */
bool caa_servers_add(struct caa_servers *s, const char *list, char err[static CAA_SERVERS_TEXT_MAX]);

/** Add one URL.  As caa_servers_add(). */
bool caa_servers_add_url(struct caa_servers *s, const char *url, char err[static CAA_SERVERS_TEXT_MAX]);

/** Add the first nameserver of /etc/resolv.conf.  As caa_servers_add(). */
bool caa_servers_add_system(struct caa_servers *s, char err[static CAA_SERVERS_TEXT_MAX]);

#endif
