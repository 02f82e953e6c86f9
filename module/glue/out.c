/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/out.h"

#include <stdarg.h>
#include <stdio.h>

enum { LINE_MAX_OCTETS = 512 };

void caa_out(const struct caa_out *out, const char *format, ...)
{
	char line[LINE_MAX_OCTETS];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	(void)out->print(out->to, line);
}

void caa_out_text(const struct caa_out *out, const char *text)
{
	(void)out->print(out->to, text);
}
