/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/wire/top.h"

#include <string.h>

static char *at(void *rows, size_t size, size_t i)
{
	return (char *)rows + i * size;
}

static void swap(char *a, char *b, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char other = a[i];

		a[i] = b[i];
		b[i] = other;
	}
}

static void sift_up(void *rows, size_t size, size_t i, caa_top_order *order)
{
	for (; i > 0 && order(at(rows, size, i), at(rows, size, (i - 1) / 2)) > 0; i = (i - 1) / 2)
		swap(at(rows, size, i), at(rows, size, (i - 1) / 2), size);
}

static void sift_down(void *rows, size_t size, size_t count, caa_top_order *order)
{
	for (size_t i = 0;;) {
		size_t last = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < count; child++)
			if (order(at(rows, size, child), at(rows, size, last)) > 0)
				last = child;
		if (last == i)
			return;
		swap(at(rows, size, i), at(rows, size, last), size);
		i = last;
	}
}

void caa_top_offer(void *rows, size_t size, size_t *count, size_t max, const void *row, caa_top_order *order)
{
	if (max == 0)
		return;
	if (*count < max) {
		memcpy(at(rows, size, *count), row, size);
		sift_up(rows, size, (*count)++, order);
	} else if (order(row, rows) < 0) {
		memcpy(rows, row, size);
		sift_down(rows, size, max, order);
	}
}
