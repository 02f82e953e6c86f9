/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/fleet_config.h"

#include "core/wire/addr.h"
#include "glue/tls.h"

#include "util/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

enum { PORT = 6379 };

#define NAME_OCTETS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

static bool fail(char err[static CAA_CONFIG_TEXT_MAX], const struct caa_config *config, const char *key, const char *text, const char *more)
{
	const char *where = caa_config_where(config, key);

	if (where[0] == '\0')
		where = caa_config_where(config, "caa-fleet-server");
	snprintf(err, CAA_CONFIG_TEXT_MAX, "%s: %s: %s%s", where, key, text, more);
	return false;
}

/** Read one server: a path, or ADDRESS[@PORT]. */
static bool read_server(struct caa_conn_server *out, const char *text, size_t len, const char *chroot)
{
	size_t root = chroot != NULL ? strlen(chroot) : 0;
	struct caa_addr addr;

	if (len >= sizeof(out->text))
		return false;
	*out = (struct caa_conn_server){ .port = 0 };
	memcpy(out->text, text, len);
	memcpy(out->host, text, len);
	if (text[0] == '/') {
		if (root > 0 && strncmp(out->text, chroot, root) == 0)
			memmove(out->host, out->host + root, len - root + 1);
		return strlen(out->host) < sizeof(((struct sockaddr_un *)0)->sun_path);
	}
	if (caa_addr_parse(&addr, out->text) != CAA_OK)
		return false;
	out->host[strcspn(out->host, "@")] = '\0';
	out->port = strchr(out->text, '@') != NULL ? caa_addr_port(&addr) : PORT;
	return true;
}

static bool read_servers(struct caa_store_config *out, const char *text, const char *chroot)
{
	while (*(text += strspn(text, " ")) != '\0') {
		size_t len = strcspn(text, " ");

		if (out->servers == CAA_STORE_SERVERS_MAX || !read_server(&out->server[out->servers++], text, len, chroot))
			return false;
		text += len;
	}
	return out->servers > 0;
}

/** @param path: as seen from outside the chroot. @return it, as it can be opened from where this is. */
static const char *reach(const char *path, const struct config_file *cfg)
{
	size_t root = cfg->chrootdir != NULL ? strlen(cfg->chrootdir) : 0;

	return root > 0 && strncmp(path, cfg->chrootdir, root) == 0 && access(path, F_OK) != 0 ? path + root : path;
}

/** Read a small file. @param path: as seen from outside the chroot. @return octets; -1, errno set, on error, also if it is larger. */
static ssize_t read_file(const char *path, const struct config_file *cfg, void *out, size_t max)
{
	int fd = open(reach(path, cfg), O_RDONLY | O_CLOEXEC);
	uint8_t more;
	ssize_t len;

	if (fd < 0)
		return -1;
	len = read(fd, out, max);
	if (len == (ssize_t)max && read(fd, &more, 1) == 1) {
		len = -1;
		errno = EFBIG;
	}
	close(fd);
	return len;
}

static bool read_key(uint8_t secret[static CAA_FLEET_SECRET], const struct caa_config *config, const struct config_file *cfg, char *err)
{
	const char *path = caa_config_module(config)->fleet_key_file;
	ssize_t len = read_file(path, cfg, secret, CAA_FLEET_SECRET);

	if (len < 0 && errno != EFBIG)
		return fail(err, config, "caa-fleet-key-file", "cannot be read: ", strerror(errno));
	if (len != CAA_FLEET_SECRET)
		return fail(err, config, "caa-fleet-key-file", "has not 32 octets; head -c 32 /dev/urandom makes one", "");
	return true;
}

static bool read_password(char password[static 256], const struct caa_config *config, const struct config_file *cfg, char *err)
{
	const char *path = caa_config_module(config)->fleet_password_file;
	ssize_t len;

	password[0] = '\0';
	if (path[0] == '\0')
		return true;
	len = read_file(path, cfg, password, 255);
	if (len < 0)
		return fail(err, config, "caa-fleet-password-file", "cannot be read: ", strerror(errno));
	password[len] = '\0';
	password[strcspn(password, "\r\n")] = '\0';
	if (password[0] == '\0')
		return fail(err, config, "caa-fleet-password-file", "is empty; its first line is the password", "");
	return true;
}

static bool is_plain(const char *text)
{
	return text[0] != '\0' && text[strspn(text, NAME_OCTETS)] == '\0';
}

/** Whether no option is given that is named so, but for caa-fleet-server; else the first of them is of no use. */
static bool has_none(const struct caa_config *config, const char *prefix, const char *text, char *err)
{
	const struct caa_option *opt;

	for (size_t i = 0; (opt = caa_options_at(i)) != NULL; i++)
		if (opt->clause == CAA_CLAUSE_MODULE && strncmp(opt->name, prefix, strlen(prefix)) == 0 &&
		    strcmp(opt->name, "caa-fleet-server") != 0 && caa_config_where(config, opt->name)[0] != '\0')
			return fail(err, config, opt->name, text, "");
	return true;
}

static bool say_wrong(const struct caa_config *config, enum caa_tls_wrong wrong, const char *why, char *err)
{
	switch (wrong) {
	case CAA_TLS_FINE:
		return true;
	case CAA_TLS_NO_MEMORY:
		return fail(err, config, "caa-fleet-tls", "is not possible: ", why);
	case CAA_TLS_CA:
		return fail(err, config, "caa-fleet-tls-ca", "has no certificate that can be read: ", why);
	case CAA_TLS_CERT:
		return fail(err, config, "caa-fleet-tls-cert", "has no certificate that can be read: ", why);
	case CAA_TLS_KEY:
		return fail(err, config, "caa-fleet-tls-key", "has no key of that certificate that can be read: ", why);
	}
	return false;
}

static bool read_tls(struct caa_store_config *out, const struct caa_config *config, const struct config_file *cfg, char *err)
{
	const struct caa_module_options *o = caa_config_module(config);
	const struct caa_tls_files files = { reach(o->fleet_tls_ca, cfg), reach(o->fleet_tls_cert, cfg), reach(o->fleet_tls_key, cfg) };
	char why[CAA_TLS_WHY_MAX];

	if (!o->fleet_tls)
		return has_none(config, "caa-fleet-tls-", "is of no use without caa-fleet-tls: yes", err);
	for (size_t i = 0; i < out->servers; i++)
		if (out->server[i].port == 0)
			return fail(err, config, "caa-fleet-tls", "is for addresses, and not for the socket ", out->server[i].text);
	if ((o->fleet_tls_cert[0] == '\0') != (o->fleet_tls_key[0] == '\0'))
		return fail(err, config, o->fleet_tls_cert[0] != '\0' ? "caa-fleet-tls-cert" : "caa-fleet-tls-key",
			"goes with the other one of caa-fleet-tls-cert and caa-fleet-tls-key", "");
	/* OpenSSL takes one that begins with a dot for all below it */
	if (o->fleet_tls_name[0] == '.' || strspn(o->fleet_tls_name, NAME_OCTETS ":") != strlen(o->fleet_tls_name))
		return fail(err, config, "caa-fleet-tls-name", "is no name of a host and no address", "");
	return say_wrong(config, caa_tls_create(&out->tls, &files, o->fleet_tls_name, why), why, err);
}

bool caa_fleet_read_config(struct caa_store_config *out, uint8_t secret[static CAA_FLEET_SECRET], const struct caa_config *config,
	const struct config_file *cfg, char err[static CAA_CONFIG_TEXT_MAX])
{
	const struct caa_module_options *o = caa_config_module(config);
	struct caa_store_config c = { .servers = 0 };
	bool done;

	if (o->fleet_server[0] == '\0')
		return has_none(config, "caa-fleet-", "is of no use without caa-fleet-server", err);
	if (!read_servers(&c, o->fleet_server, cfg->chrootdir))
		return fail(err, config, "caa-fleet-server", "is no list of servers; allowed are one to four of ADDRESS, ADDRESS@PORT and "
			"/PATH, with spaces between them", "");
	if (!is_plain(o->fleet_perspective))
		return fail(err, config, "caa-fleet-perspective", "caa-fleet-server wants one, of letters, digits, '-', '_' and '.': what is "
			"shared never leaves the network perspective", "");
	if (o->fleet_key_file[0] == '\0')
		return fail(err, config, "caa-fleet-key-file", "caa-fleet-server wants one: nothing in a store is believed without", "");
	if (o->fleet_user[0] != '\0' && o->fleet_password_file[0] == '\0')
		return fail(err, config, "caa-fleet-user", "wants a caa-fleet-password-file", "");
	done = read_key(secret, config, cfg, err) && read_password(c.password, config, cfg, err) && read_tls(&c, config, cfg, err);
	if (done) {
		snprintf(c.user, sizeof(c.user), "%s", o->fleet_user);
		*out = c;
	} else {
		sodium_memzero(secret, CAA_FLEET_SECRET);
	}
	sodium_memzero(&c, sizeof(c));
	return done;
}

void caa_fleet_free_config(struct caa_store_config *config)
{
	caa_tls_destroy(config->tls);
	sodium_memzero(config, sizeof(*config));
}
