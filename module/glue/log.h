/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Where lines on failures go: a file of their own, or Unbound's log.
 *
 *  A line is one writev() to a file opened for appending, so lines of several threads do not mix and a program that rotates
 *  the file loses none.  Reopening puts the new file behind the same descriptor, so that writers need no lock.
 *  Any thread may write; open, reopen and close are for the main thread. */
#ifndef CAA_GLUE_LOG_H
#define CAA_GLUE_LOG_H

#include <stdbool.h>
#include <stddef.h>

struct caa_log;

/** @param path: "" = Unbound's log. @param chroot: Unbound's chroot, that we are in already; NULL or "" if there is none.
 *  @param again: at a reload, which nothing here may end: should the file not open, which is logged, Unbound's log has its lines until
 *	it is reopened.
 *  @return NULL, logged, if the file cannot be opened or there is no memory. */
struct caa_log *caa_log_open(const char *path, const char *chroot, bool again);
/** @param log: may be NULL. */
void caa_log_close(struct caa_log *log);

/** Open the file again, or another one.  Where that fails, logged, the old one stays in use.  @param path: NULL = the same. */
void caa_log_reopen(struct caa_log *log, const char *path, const char *chroot);

/** Write a line.  @param line: len octets and room for one more, which becomes its newline.
 *  @return false if it could not be written; that is logged, at most once in a minute. */
bool caa_log_write(struct caa_log *log, char *line, size_t len);

#endif
