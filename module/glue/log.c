/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/log.h"

#include "core/config/options.h"

#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { FILE_MODE = 0640, QUIET_S = 60 };

struct caa_log {
	char path[CAA_OPTION_TEXT_MAX];	/**< as seen from inside the chroot; "" = Unbound's log */
	_Atomic int fd;			/**< -1 = Unbound's log */
	_Atomic bool torn;		/**< the last line in the file has no end: the disk took a part of it */
	_Atomic int64_t complained_s;	/**< when a write that failed was logged last */
};

/** The path as seen from inside the chroot, as Unbound does it for its own log. */
static void set_path(struct caa_log *log, const char *path, const char *chroot)
{
	size_t len = chroot != NULL ? strlen(chroot) : 0;

	if (len > 0 && strncmp(path, chroot, len) == 0)
		path += len;
	snprintf(log->path, sizeof(log->path), "%s", path);
}

static int open_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, FILE_MODE);

	if (fd < 0)
		log_err("caa: caa-log-file: %s cannot be opened: %s", path, strerror(errno));
	return fd;
}

struct caa_log *caa_log_open(const char *path, const char *chroot, bool again)
{
	struct caa_log *log = calloc(1, sizeof(*log));
	int fd = -1;

	if (log == NULL) {
		log_err("caa: out of memory");
		return NULL;
	}
	set_path(log, path, chroot);
	if (log->path[0] != '\0' && (fd = open_file(log->path)) < 0 && !again) {
		free(log);
		return NULL;
	}
	atomic_init(&log->fd, fd);
	atomic_init(&log->torn, false);
	atomic_init(&log->complained_s, 0);
	return log;
}

void caa_log_close(struct caa_log *log)
{
	if (log == NULL)
		return;
	if (log->fd >= 0)
		close(log->fd);
	free(log);
}

void caa_log_reopen(struct caa_log *log, const char *path, const char *chroot)
{
	int old = log->fd, fd;

	if (path != NULL)
		set_path(log, path, chroot);
	if (log->path[0] == '\0') {
		/* A thread may be writing: the number must not become another file's. */
		if (old >= 0 && (fd = open("/dev/null", O_WRONLY | O_CLOEXEC)) >= 0) {
			log->fd = -1;
			dup3(fd, old, O_CLOEXEC);
			close(fd);
		}
		return;
	}
	fd = open_file(log->path);
	if (fd < 0)
		return;
	if (old < 0) {
		log->fd = fd;
		return;
	}
	dup3(fd, old, O_CLOEXEC);
	close(fd);
	log->torn = false;
}

static void complain(struct caa_log *log, const char *why)
{
	int64_t now_s = (int64_t)time(NULL), last_s = log->complained_s;

	if (now_s - last_s < QUIET_S || !atomic_compare_exchange_strong(&log->complained_s, &last_s, now_s))
		return;
	log_err("caa: caa-log-file: a line was not written: %s", why);
}

/** Write both, without the signal that a file beyond the process's limit (RLIMIT_FSIZE) brings, which would end it. */
static ssize_t write_parts(int fd, const struct iovec part[static 2])
{
	const struct timespec now = { 0, 0 };
	sigset_t excess, before;
	ssize_t written;
	int error;

	sigemptyset(&excess);
	sigaddset(&excess, SIGXFSZ);
	pthread_sigmask(SIG_BLOCK, &excess, &before);
	do {
		written = writev(fd, part, 2);
	} while (written < 0 && errno == EINTR);
	error = errno;
	if (written < 0 && error == EFBIG)
		sigtimedwait(&excess, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return written;
}

static char newline[1] = { '\n' };

bool caa_log_write(struct caa_log *log, char *line, size_t len)
{
	int fd = log->fd;
	struct iovec part[2] = { { .iov_base = newline }, { line, len + 1 } };
	ssize_t written;

	if (fd < 0) {
		log_info("caa: %.*s", (int)len, line);
		return true;
	}
	/* The end that a part of a line lacks, before this one. */
	part[0].iov_len = atomic_exchange(&log->torn, false) ? sizeof(newline) : 0;
	line[len] = '\n';
	written = write_parts(fd, part);
	line[len] = '\0';
	if (written == (ssize_t)(part[0].iov_len + part[1].iov_len))
		return true;
	if (written > 0 ? written > (ssize_t)part[0].iov_len : part[0].iov_len > 0)
		log->torn = true;
	complain(log, written < 0 ? strerror(errno) : "the disk took a part of it");
	return false;
}
