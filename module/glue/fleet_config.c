/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/fleet_config.h"

#include "core/wire/addr.h"

#include "util/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

enum { PORT = 6379 };

static bool fail(char err[static CAA_CONFIG_TEXT_MAX], const struct caa_config *config, const char *key, const char *text, const char *more)
{
	const char *where = caa_config_where(config, key);

	if (where[0] == '\0')
		where = caa_config_where(config, "caa-fleet-server");
	snprintf(err, CAA_CONFIG_TEXT_MAX, "%s: %s: %s%s", where, key, text, more);
	return false;
}

/** Read one server: a path, or ADDRESS[@PORT]. */
static bool read_server(struct caa_store_server *out, const char *text, size_t len, const char *chroot)
{
	size_t root = chroot != NULL ? strlen(chroot) : 0;
	struct caa_addr addr;

	if (len >= sizeof(out->text))
		return false;
	*out = (struct caa_store_server){ .port = 0 };
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

/** Read a small file. @param path: as seen from outside the chroot. @return octets; -1, errno set, on error, also if it is larger. */
static ssize_t read_file(const char *path, const struct config_file *cfg, void *out, size_t max)
{
	size_t root = cfg->chrootdir != NULL ? strlen(cfg->chrootdir) : 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t more;
	ssize_t len;

	if (fd < 0 && root > 0 && strncmp(path, cfg->chrootdir, root) == 0)	/* from inside it */
		fd = open(path + root, O_RDONLY | O_CLOEXEC);
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
	return text[0] != '\0' && text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")] == '\0';
}

/** Whether only caa-fleet-server is missing. */
static bool is_without(const struct caa_config *config, char *err)
{
	static const char *const keys[] = { "caa-fleet-perspective", "caa-fleet-egress", "caa-fleet-key-file", "caa-fleet-user", "caa-fleet-password-file",
		"caa-fleet-wait" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (caa_config_where(config, keys[i])[0] != '\0')
			return fail(err, config, keys[i], "is of no use without caa-fleet-server", "");
	return true;
}

bool caa_fleet_read_config(struct caa_store_config *out, uint8_t secret[static CAA_FLEET_SECRET], const struct caa_config *config,
	const struct config_file *cfg, char err[static CAA_CONFIG_TEXT_MAX])
{
	const struct caa_module_options *o = caa_config_module(config);
	struct caa_store_config c = { .servers = 0 };
	uint8_t key[CAA_FLEET_SECRET];

	if (o->fleet_server[0] == '\0')
		return is_without(config, err);
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
	if (!read_key(key, config, cfg, err) || !read_password(c.password, config, cfg, err))
		return false;
	snprintf(c.user, sizeof(c.user), "%s", o->fleet_user);
	*out = c;
	memcpy(secret, key, sizeof(key));
	return true;
}
