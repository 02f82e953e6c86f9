/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/host.h"

#include "sldns/str2wire.h"
#include "util/data/msgreply.h"

#include <netinet/in.h>
#include <string.h>
#include <time.h>

uint64_t caa_host_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

bool caa_host_addr(struct caa_addr *out, const struct sockaddr_storage *ss)
{
	if (ss->ss_family == AF_INET) {
		struct sockaddr_in in;
		uint8_t ip[4];

		memcpy(&in, ss, sizeof(in));
		memcpy(ip, &in.sin_addr, sizeof(ip));
		*out = caa_addr_ipv4(ip, ntohs(in.sin_port));
		return true;
	}
	if (ss->ss_family == AF_INET6) {
		struct sockaddr_in6 in6;
		uint8_t ip[16];

		memcpy(&in6, ss, sizeof(in6));
		memcpy(ip, &in6.sin6_addr, sizeof(ip));
		*out = caa_addr_ipv6(ip, ntohs(in6.sin6_port));
		return true;
	}
	return false;
}

struct caa_name caa_host_qname(const struct query_info *qinfo)
{
	return (struct caa_name){ qinfo->qname, qinfo->qname_len };
}

enum caa_res caa_host_read_name(uint8_t wire[static CAA_NAME_MAX], size_t *len, const char *text, const char **why)
{
	uint8_t buf[LDNS_MAX_DOMAINLEN + 1];
	size_t size = sizeof(buf);
	struct caa_name name;
	int status;

	if (text[0] == '\0') {
		*why = "it is empty";
		return CAA_EFORMAT;
	}
	status = sldns_str2wire_dname_buf(text, buf, &size);
	if (status != 0) {
		*why = sldns_get_errorstr_parse(status);
		return CAA_EFORMAT;
	}
	if (caa_name_check(&name, buf, size) != CAA_OK || name.len != size) {
		*why = "it is too long";
		return CAA_EFORMAT;
	}
	memcpy(wire, buf, size);
	*len = size;
	return CAA_OK;
}
