/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/why/linebudget.h"

enum { US_PER_S = 1000000 };

bool caa_linebudget_take(struct caa_linebudget *b, uint64_t now_us, uint32_t rate, uint64_t *left_out)
{
	uint64_t second = now_us / US_PER_S;

	if (second != b->second) {
		b->second = second;
		b->lines = 0;
	}
	if (b->lines >= rate) {
		b->left_out++;
		return false;
	}
	b->lines++;
	*left_out = b->left_out;
	b->left_out = 0;
	return true;
}
