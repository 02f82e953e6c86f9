/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/fleet/share.h"

#include "core/wire/ms.h"

#include <stdio.h>

enum {
	US_PER_MS = 1000,
	MS_PER_S = 1000,
	AVERAGE_MS = MS_PER_S,		/**< what is sent is averaged over so long, ... */
	MORE_PERCENT = 125,		/**< ... and so much of it is wanted, ... */
	MORE_MQPS = CAA_MQPS,		/**< ... and this, or a share could never grow; and what waits is wanted within a second */
	BURST_LEAST = 4,
	FLAG_OWN = 1, FLAG_RAISES = 2, FLAG_HEARSAY = 4, FLAG_PAUSES = 8
};

static uint32_t min_u32(uint64_t a, uint32_t b)
{
	return a < b ? (uint32_t)a : b;
}

uint32_t caa_share_burst(uint32_t burst, uint64_t nodes)
{
	uint32_t part = nodes > 0 ? (uint32_t)((burst + nodes - 1) / nodes) : burst, least = min_u32(burst, BURST_LEAST);

	return part > least ? part : least;
}

bool caa_share_has_line(const struct caa_learn *l)
{
	return caa_learn_limited(l) && !l->limit.doubtful && caa_pacer_waiting(&l->pacer) > 0;
}

bool caa_share_wanted(const struct caa_share *s, const struct caa_learn *l)
{
	if (caa_learn_limited(l) ? l->limit.doubtful : !caa_learn_wonders(l))
		return false;
	return caa_pacer_waiting(&l->pacer) > 0 || (s->told_seq != l->seq && (s->told_ms != 0 || !caa_learn_limited(l)));
}

/** What was sent since it told last becomes a part of the average. */
static void count_sent(struct caa_share *s, uint32_t seq, uint64_t now_us)
{
	uint32_t age_ms = caa_ms_age(s->told_ms, caa_ms(now_us));
	uint64_t mqps;

	if (s->told_ms != 0 && age_ms > 0) {
		mqps = (uint64_t)(seq - s->told_seq) * MS_PER_S * CAA_MQPS / age_ms;
		if (age_ms > AVERAGE_MS)
			age_ms = AVERAGE_MS;
		s->sent_mqps = min_u32((s->sent_mqps * (uint64_t)(AVERAGE_MS - age_ms) + mqps * age_ms) / AVERAGE_MS, CAA_SHARE_RATE_MAX);
	}
	s->told_ms = caa_ms_later(now_us, 0);
	s->told_seq = seq;
}

struct caa_share_report caa_share_report(struct caa_share *s, const struct caa_learn *l, uint64_t now_us)
{
	uint64_t waiting = caa_pacer_waiting(&l->pacer);
	struct caa_share_report r = { .epoch = s->epoch };

	count_sent(s, l->seq, now_us);
	r.demand_mqps = min_u32(waiting * CAA_MQPS + (uint64_t)s->sent_mqps * MORE_PERCENT / 100 + MORE_MQPS, CAA_SHARE_RATE_MAX);
	if (!caa_learn_limited(l))
		return r;
	r.rate_mqps = min_u32(l->limit.rate_mqps, CAA_SHARE_RATE_MAX);
	r.ceiling_mqps = min_u32(l->limit.ceiling_mqps, CAA_SHARE_RATE_MAX);
	r.good = l->limit.good;
	r.lost = l->limit.lost;
	r.own = !caa_learn_is_shared(l, now_us);
	r.raises = l->limit.raises;
	r.hearsay = l->limit.hearsay;
	r.pauses = l->state == CAA_LEARN_CONFIRM;
	return r;
}

const char *caa_share_text(char out[static CAA_SHARE_TEXT_MAX], const struct caa_share_report *r)
{
	unsigned flags = (r->own ? FLAG_OWN : 0u) | (r->raises ? FLAG_RAISES : 0u) | (r->hearsay ? FLAG_HEARSAY : 0u) |
		(r->pauses ? FLAG_PAUSES : 0u);

	snprintf(out, CAA_SHARE_TEXT_MAX, "%u %u %u %u %u %u %u", (unsigned)r->demand_mqps, (unsigned)r->rate_mqps, (unsigned)r->ceiling_mqps,
		(unsigned)r->epoch, (unsigned)r->good, (unsigned)r->lost, flags);
	return out;
}

static bool is_within(long long number, long long min, long long max)
{
	return number >= min && number <= max;
}

enum caa_res caa_share_read(struct caa_share_answer *out, const long long *number, size_t count)
{
	if (count == CAA_SHARE_NUMBERS && number[0] == CAA_SHARE_VERSION && number[1] == 0) {
		*out = (struct caa_share_answer){ .share_mqps = 0 };
		return CAA_OK;
	}
	if (count != CAA_SHARE_NUMBERS || number[0] != CAA_SHARE_VERSION || !is_within(number[1], 1, CAA_SHARE_RATE_MAX) ||
	    !is_within(number[2], 1, CAA_SHARE_RATE_MAX) || !is_within(number[3], 1, CAA_SHARE_LEASE_MS) ||
	    !is_within(number[4], 1, UINT32_MAX) || !is_within(number[5], number[1], CAA_SHARE_RATE_MAX) ||
	    !is_within(number[6], 1, CAA_SHARE_NODES) || !is_within(number[7], 0, 1))
		return CAA_EFORMAT;
	*out = (struct caa_share_answer){ .share_mqps = (uint32_t)number[1], .ceiling_mqps = (uint32_t)number[2],
		.lease_ms = (uint16_t)number[3], .epoch = (uint32_t)number[4], .rate_mqps = (uint32_t)number[5], .nodes = (uint16_t)number[6],
		.answered = number[7] == 1 };
	return CAA_OK;
}

/** What was told is known there now; what has come since is told next. */
static void clear_told(struct caa_limit *l, const struct caa_share_report *r)
{
	l->good = (uint16_t)(l->good > r->good ? l->good - r->good : 0);
	if (l->lost <= r->lost)
		l->lost = CAA_SHARED_NONE;
	if (r->raises)
		l->raises = false;
}

bool caa_share_apply(struct caa_share *s, struct caa_learn *l, uint64_t now_us, uint64_t asked_us, const struct caa_share_report *r,
	const struct caa_share_answer *a)
{
	uint64_t gone_ms = now_us > asked_us ? (now_us - asked_us) / US_PER_MS : 0;
	struct caa_learn_share share = { .rate_mqps = a->share_mqps, .ceiling_mqps = a->ceiling_mqps, .lowered = s->epoch != a->epoch,
		.others = a->nodes > 1, .resumes = a->answered && r->pauses, .joins = r->rate_mqps == 0 && caa_learn_wonders(l) };

	if (a->share_mqps == 0 || gone_ms >= a->lease_ms || !(caa_learn_limited(l) || share.joins))
		return false;
	share.lease_ms = (uint32_t)(a->lease_ms - gone_ms);
	if (caa_learn_limited(l))
		clear_told(&l->limit, r);
	if (caa_learn_limited(l) && share.lowered)
		l->limit.lost = CAA_SHARED_NONE;
	s->epoch = a->epoch;
	caa_learn_share(l, now_us, &share);
	return true;
}
