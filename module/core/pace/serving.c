/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/serving.h"

#include "core/wire/ms.h"
#include "core/wire/seq.h"

#include <string.h>

/** A time that is set: never 0. */
static uint32_t set_ms(uint64_t now_us)
{
	return caa_ms_later(now_us, 0);
}

static bool within(uint32_t then_ms, uint64_t now_us, uint32_t life_ms)
{
	return then_ms != 0 && caa_ms_age(then_ms, caa_ms(now_us)) < life_ms;
}

void caa_servings_init(struct caa_servings *t)
{
	memset(t, 0, sizeof(*t));
}

/* The low bits choose the table's slice (glue/shard.c). */
static size_t set_number(uint64_t pair)
{
	return (pair >> 16) & (CAA_SERVING_SETS - 1);
}

/** Of bits that do not choose the set; 0 is kept for none. */
static uint32_t tag_of(uint64_t pair)
{
	uint32_t tag = (uint32_t)(pair >> 32);

	return tag != 0 ? tag : 1;
}

struct caa_serving *caa_servings_get(struct caa_servings *t, uint64_t pair, uint64_t now_us)
{
	struct caa_serving *set = t->way[set_number(pair)], *oldest = set;
	uint32_t now_ms = caa_ms(now_us);
	int way = 0;

	while (way < CAA_SERVING_WAYS && set[way].tag != tag_of(pair)) {
		if (oldest->tag != 0 && (set[way].tag == 0 ||
		    caa_ms_age(set[way].used_ms, now_ms) > caa_ms_age(oldest->used_ms, now_ms)))
			oldest = &set[way];
		way++;
	}
	if (way < CAA_SERVING_WAYS)
		oldest = &set[way];
	else
		*oldest = (struct caa_serving){ .tag = tag_of(pair) };
	oldest->used_ms = now_ms;
	return oldest;
}

struct caa_serving caa_servings_see(const struct caa_servings *t, uint64_t pair)
{
	const struct caa_serving *set = t->way[set_number(pair)];

	for (int way = 0; way < CAA_SERVING_WAYS; way++)
		if (set[way].tag == tag_of(pair))
			return set[way];
	return (struct caa_serving){ .tag = 0 };
}

bool caa_serving_is_witness(const struct caa_serving *s, uint64_t now_us)
{
	return within(s->answered_ms, now_us, CAA_SERVING_LIFE_MS);
}

bool caa_serving_answered_since(const struct caa_serving *s, uint64_t now_us, uint64_t sent_us)
{
	return within(s->answered_ms, now_us, caa_ms(now_us - sent_us) + CAA_SERVING_LATELY_MS);
}

bool caa_serving_is_denying(const struct caa_serving *s, uint64_t now_us)
{
	return caa_ms_ahead(s->denies_ms, now_us, CAA_SERVING_DENIES_MS);
}

void caa_serving_asked(struct caa_serving *s, uint64_t now_us)
{
	s->asked_ms = set_ms(now_us);
}

bool caa_serving_is_asked(const struct caa_serving *s, uint64_t now_us)
{
	return within(s->asked_ms, now_us, CAA_SERVING_ASKED_MS);
}

void caa_serving_answered(struct caa_serving *s, uint64_t now_us)
{
	s->answered_ms = set_ms(now_us);
	s->spoke_ms = s->denies_ms = s->asked_ms = 0;
	s->split = 0;
}

void caa_serving_good(struct caa_serving *s, uint64_t now_us)
{
	s->good_ms = set_ms(now_us);
	s->notimp_ms = s->failed_ms = s->beside_ms = 0;
}

bool caa_serving_is_good(const struct caa_serving *s, uint64_t now_us)
{
	return within(s->good_ms, now_us, CAA_SERVING_LIFE_MS);
}

bool caa_serving_notimp(struct caa_serving *s, uint64_t now_us)
{
	if (caa_serving_is_good(s, now_us))
		return false;
	s->notimp_ms = caa_ms_later(now_us, CAA_SERVING_LIFE_MS);
	return true;
}

bool caa_serving_is_notimp(const struct caa_serving *s, uint64_t now_us)
{
	return caa_ms_ahead(s->notimp_ms, now_us, CAA_SERVING_LIFE_MS);
}

/** Whether a witness is none any more: it was lost and others were answered, and so again and again.  What left together is
 *  one loss: a limiter may take all of it, and then answer others. */
static bool is_split(struct caa_serving *s, uint32_t seq, uint32_t answered_seq)
{
	if (!caa_seq_before(seq + 1, answered_seq) || (s->split > 0 && caa_seq_before(seq, s->split_seq)))
		return false;
	s->split++;
	s->split_seq = answered_seq;
	return s->split >= CAA_SERVING_SPLIT;
}

bool caa_serving_lost(struct caa_serving *s, uint64_t now_us, uint32_t seq, uint32_t answered_seq)
{
	bool witness = caa_serving_is_witness(s, now_us);

	if (caa_serving_is_denying(s, now_us))
		return false;
	if (witness && !is_split(s, seq, answered_seq))
		return true;
	if (!witness && !within(s->spoke_ms, now_us, CAA_SERVING_VOICE_MS)) {
		s->spoke_ms = set_ms(now_us);
		return true;
	}
	if (witness) {
		s->answered_ms = 0;
		s->spoke_ms = set_ms(now_us);
		s->split = 0;
	}
	return false;
}

bool caa_serving_is_suspect(const struct caa_serving *s, uint64_t now_us)
{
	return !caa_serving_is_witness(s, now_us) && within(s->spoke_ms, now_us, CAA_SERVING_VOICE_MS);
}

void caa_serving_bare(struct caa_serving *s, uint64_t now_us)
{
	s->bare_ms = caa_ms_later(now_us, CAA_SERVING_LIFE_MS);
}

bool caa_serving_is_bare(const struct caa_serving *s, uint64_t now_us)
{
	return caa_ms_ahead(s->bare_ms, now_us, CAA_SERVING_LIFE_MS);
}

void caa_serving_forged(struct caa_serving *s, uint64_t now_us)
{
	s->forged_ms = caa_ms_later(now_us, CAA_SERVING_FORGED_MS);
}

void caa_serving_no_tcp(struct caa_serving *s)
{
	s->forged_ms = 0;
}

bool caa_serving_is_forged(const struct caa_serving *s, uint64_t now_us)
{
	return caa_ms_ahead(s->forged_ms, now_us, CAA_SERVING_FORGED_MS);
}

void caa_serving_cookie_answered(struct caa_serving *s)
{
	s->lost_with = s->rescued = 0;
}

void caa_serving_cookie_lost(struct caa_serving *s)
{
	s->lost_with += s->lost_with < CAA_SERVING_COOKIE_LOST;
}

void caa_serving_cookie_rescued(struct caa_serving *s, uint64_t now_us)
{
	if (++s->rescued < CAA_SERVING_RESCUED)
		return;
	caa_serving_cookie_answered(s);
	caa_serving_bare(s, now_us);
}

void caa_serving_full(struct caa_serving *s, uint64_t now_us)
{
	s->full_ms = set_ms(now_us);
}

bool caa_serving_is_full(const struct caa_serving *s, uint64_t now_us)
{
	return within(s->full_ms, now_us, CAA_SERVING_FULL_MS);
}

void caa_serving_caa_failed(struct caa_serving *caa, uint64_t now_us, uint64_t waited_us)
{
	uint32_t term_ms = waited_us > 0 ? caa_ms(waited_us) : UINT32_MAX;

	if (!within(caa->failed_ms, now_us, CAA_SERVING_BESIDE_MS) || term_ms > caa->term_ms)
		caa->term_ms = term_ms;
	caa->failed_ms = set_ms(now_us);
}

bool caa_serving_wonders(struct caa_serving *caa, uint64_t now_us)
{
	if (caa_serving_is_good(caa, now_us) || within(caa->beside_ms, now_us, CAA_SERVING_BESIDE_MS))
		return false;
	caa->beside_ms = set_ms(now_us);
	return true;
}

bool caa_serving_is_wondering(const struct caa_serving *caa, const struct caa_serving *others, uint64_t now_us)
{
	return within(caa->beside_ms, now_us, CAA_SERVING_ASKED_MS) &&
		!within(others->shown_ms, now_us, caa_ms_age(caa->beside_ms, caa_ms(now_us)));
}

void caa_serving_shown(struct caa_serving *others, uint64_t now_us, uint64_t took_us)
{
	others->shown_ms = set_ms(now_us);
	others->term_ms = caa_ms(took_us);
}

bool caa_serving_avoids_caa(const struct caa_serving *caa, const struct caa_serving *others, uint64_t now_us)
{
	return !caa_serving_is_good(caa, now_us) && within(caa->failed_ms, now_us, CAA_SERVING_BESIDE_MS) &&
		within(others->shown_ms, now_us, CAA_SERVING_BESIDE_MS) && caa->term_ms > others->term_ms;
}

void caa_serving_denies(struct caa_serving *s, uint64_t now_us)
{
	if (!caa_serving_is_witness(s, now_us))
		s->denies_ms = caa_ms_later(now_us, CAA_SERVING_DENIES_MS);
}
