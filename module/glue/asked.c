/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "glue/asked.h"

#include "glue/host.h"

#include <stdlib.h>
#include <string.h>

enum {
	US_PER_MS = 1000, US_PER_S = 1000 * US_PER_MS,
	RENEW_US = CAA_FLEET_LEASE_MS * US_PER_MS / 4,
	LOOK_LATER_US = 50000		/**< after the end of a claim that is waited for */
};

enum caa_fleet_word caa_fleet_word(const struct caa_fleet_ask *ask)
{	/* acquire: what belongs to the word was written before it */
	return (enum caa_fleet_word)atomic_load_explicit(&ask->word, memory_order_acquire);
}

uint64_t caa_fleet_late_us(const struct caa_fleet_ask *ask)
{	/* relaxed: it orders nothing */
	return atomic_load_explicit(&ask->late_us, memory_order_relaxed);
}

const struct caa_fleet_referral *caa_fleet_referral(const struct caa_fleet_ask *ask)
{	/* acquire: it was written before it was put there */
	return atomic_load_explicit(&ask->referral, memory_order_acquire);
}

/* --- the lists ---------------------------------------------------------------------------------------------------------------- */

static struct caa_fleet_ask **bucket_of(struct caa_asks *a, const uint8_t *digest)
{
	return &a->bucket[(digest[0] << 8 | digest[1]) & (CAA_ASKS_BUCKETS - 1)];
}

static void enlist(struct caa_asks *a, struct caa_fleet_ask *ask)
{
	struct caa_fleet_ask **bucket = bucket_of(a, ask->about.digest);

	ask->hash_next = *bucket;
	*bucket = ask;
	ask->all_prev = NULL;
	ask->all_next = a->all;
	if (a->all != NULL)
		a->all->all_prev = ask;
	a->all = ask;
	ask->known = true;
}

static void delist(struct caa_asks *a, struct caa_fleet_ask *ask)
{
	struct caa_fleet_ask **at = bucket_of(a, ask->about.digest);

	while (*at != ask)
		at = &(*at)->hash_next;
	*at = ask->hash_next;
	if (ask->all_prev != NULL)
		ask->all_prev->all_next = ask->all_next;
	else
		a->all = ask->all_next;
	if (ask->all_next != NULL)
		ask->all_next->all_prev = ask->all_prev;
}

void caa_asks_free(struct caa_asks *a, struct caa_fleet_ask *ask)
{
	if (ask->known)
		delist(a, ask);
	if (ask->owns)
		atomic_fetch_sub_explicit(&a->owned, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&a->count, 1, memory_order_relaxed);
	free(ask->wire);
	free(ask->own_wire);
	free((void *)caa_fleet_referral(ask));
	free(ask->own_referral);
	free(ask);
}

/* --- words ------------------------------------------------------------------------------------------------------------------- */

static bool is_final(const struct caa_fleet_ask *ask)
{
	return caa_fleet_word(ask) > CAA_FLEET_WAITS;
}

/** Say a word to a question that is not over yet. */
static void say(struct caa_asks *a, struct caa_fleet_ask *ask, enum caa_fleet_word word)
{	/* release: see caa_fleet_word() */
	atomic_store_explicit(&ask->word, word, memory_order_release);
	if (word != CAA_FLEET_WAITS && !ask->ends)
		a->tell(a->arg, ask);
}

static void go_alone(struct caa_asks *a, struct caa_fleet_ask *ask)
{
	if (!is_final(ask))
		say(a, ask, CAA_FLEET_ALONE);
}

/** Take away what is put aside for a question that has no final word. */
static void forget(struct caa_fleet_ask *ask)
{
	free(ask->wire);
	ask->wire = NULL;
	ask->answer = (struct caa_fleet_answer){ .failure = false };
	ask->aside.payload = NULL;
}

/** Keep what an entry has, and as the question's news. @param e: may be what is put aside. @return false if there is no memory. */
static bool put_aside(struct caa_fleet_ask *ask, const struct caa_fleet_entry *e)
{
	uint8_t *wire = malloc(e->len + 1);

	if (wire != NULL)
		memcpy(wire, e->payload, e->len);
	forget(ask);
	ask->wire = wire;
	ask->aside = *e;
	ask->aside.payload = wire;
	return wire != NULL;
}

/** An answer has come for a question that has none yet. */
static void give(struct caa_asks *a, struct caa_fleet_ask *ask, const struct caa_fleet_entry *e)
{
	if (!put_aside(ask, e)) {
		go_alone(a, ask);
		return;
	}
	ask->answer = (struct caa_fleet_answer){ .wire = ask->wire, .len = e->len, .ttl_s = e->ttl_s,
		.age_ms = caa_fleet_entry_age_ms(e, caa_exchange_wall_ms()), .at_us = caa_host_now_us(), .security = e->security };
	say(a, ask, CAA_FLEET_ANSWERED);
}

/** What leads to the zone's servers has come with the claim of who looks it up. */
static void give_referral(struct caa_asks *a, struct caa_fleet_ask *ask, const struct caa_fleet_entry *e)
{
	struct caa_fleet_referral *referral;
	uint64_t now_us = caa_host_now_us(), age_us;

	if (e->len == 0 || e->len > CAA_FLEET_REFERRAL_MAX || caa_fleet_referral(ask) != NULL)
		return;
	/* what is flushed is not to come back: neither was it told before, nor is a flush on its way through here */
	if (e->epoch_us <= ask->flushed_us || a->flush_us >= ask->sent_us)
		return;
	referral = malloc(sizeof(*referral) + e->len);
	if (referral == NULL)
		return;
	age_us = (uint64_t)e->ttl_s * US_PER_S + caa_fleet_entry_age_ms(e, caa_exchange_wall_ms()) * US_PER_MS;
	referral->at_us = now_us > age_us ? now_us - age_us : 0;
	referral->len = e->len;
	memcpy(referral->wire, e->payload, e->len);
	/* release: see caa_fleet_referral() */
	atomic_store_explicit(&ask->referral, referral, memory_order_release);
	if (!ask->ends)
		a->tell(a->arg, ask);
}

/* --- its course --------------------------------------------------------------------------------------------------------------- */

/** @param own_us: when the lookup began. @return the store's clock then, which may be before it was told: a flush meanwhile came later. */
static uint64_t began_us(const struct caa_fleet_ask *ask, uint64_t own_us)
{
	uint64_t before_us = ask->told_us > own_us ? ask->told_us - own_us : 0;

	return ask->epoch_us > before_us ? ask->epoch_us - before_us : 1;
}

static void leave_answer(struct caa_asks *a, struct caa_fleet_ask *ask)
{
	uint64_t age_ms = caa_exchange_wall_ms() - ask->own_time_ms, keep_ms = 0;
	struct caa_fleet_entry e = { .kind = CAA_FLEET_ANSWER, .security = ask->own.security, .epoch_us = began_us(ask, ask->own.began_us),
		.time_ms = ask->own_time_ms, .ttl_s = ask->own.ttl_s, .payload = ask->own_wire, .len = ask->own.len };

	if (e.ttl_s > CAA_FLEET_TTL_MAX_S)
		e.ttl_s = CAA_FLEET_TTL_MAX_S;
	if (!ask->own.chain && (uint64_t)e.ttl_s * 1000 > age_ms)
		keep_ms = (uint64_t)e.ttl_s * 1000 - age_ms;
	memcpy(e.owner, ask->owner, sizeof(e.owner));
	caa_exchange_answer(a->exchange, ask->about.digest, &e, keep_ms);
}

/** Give the claim back, and tell who waits, and why it failed where that is known. */
static void end(struct caa_asks *a, struct caa_fleet_ask *ask)
{
	struct caa_fleet_entry e = { .kind = CAA_FLEET_ENDED, .time_ms = caa_exchange_wall_ms() };

	memcpy(e.owner, ask->owner, sizeof(e.owner));
	if (ask->answers && ask->epoch_us != 0) {
		e.kind = CAA_FLEET_FAILURE;
		e.epoch_us = began_us(ask, ask->own.began_us);
		e.payload = ask->own_wire;
		e.len = ask->own.len;
		memcpy(e.egress, a->exchange->egress, sizeof(e.egress));
	}
	caa_exchange_end(a->exchange, ask->about.digest, &e);
}

/** A question is over: leave its answer, or give the claim back. */
static void complete(struct caa_asks *a, struct caa_fleet_ask *ask)
{
	if (ask->answers && !ask->own.failure && ask->epoch_us != 0)
		leave_answer(a, ask);
	else if (ask->owns)
		end(a, ask);
	caa_asks_free(a, ask);
}

static void renew(struct caa_asks *a, struct caa_fleet_ask *ask, bool tell)
{
	struct caa_fleet_entry claim = { .kind = CAA_FLEET_CLAIM, .time_ms = caa_exchange_wall_ms() };
	uint64_t now_us = caa_host_now_us();

	memcpy(claim.owner, ask->owner, sizeof(claim.owner));
	if (ask->leads) {
		claim.epoch_us = began_us(ask, ask->own_referral->began_us);
		claim.payload = ask->own_referral->wire;
		claim.len = ask->own_referral->len;
		claim.ttl_s = (uint32_t)((now_us - ask->own_referral->at_us + US_PER_S - 1) / US_PER_S);
	}
	ask->renewed_us = now_us;
	caa_exchange_renew(a->exchange, ask->about.digest, &claim, tell);
}

/** Those who wait for what is below its name need not wait for its end. */
static void tell_referral(struct caa_asks *a, struct caa_fleet_ask *ask)
{
	if (!ask->leads || ask->told || !ask->owns || ask->epoch_us == 0)
		return;
	ask->told = true;
	renew(a, ask, true);
}

static void claimed(struct caa_asks *a, struct caa_fleet_ask *ask)
{
	ask->owns = true;
	ask->renewed_us = caa_host_now_us();
	atomic_fetch_add_explicit(&a->owned, 1, memory_order_relaxed);
	caa_stats_add(a->exchange->stats, CAA_STAT_fleet_claims, 1);
	if (!is_final(ask))
		say(a, ask, CAA_FLEET_CLAIMED);
	tell_referral(a, ask);
}

static void heard(struct caa_asks *a, struct caa_fleet_ask *ask, const struct caa_fleet_entry *e);

/** There was something already. */
static void found(struct caa_asks *a, struct caa_fleet_ask *ask, const struct caa_exchange_claimed *there)
{
	uint64_t now_ms = caa_exchange_wall_ms();
	struct caa_fleet_entry e, aside;
	enum caa_fleet_verdict verdict = caa_fleet_entry_read(&e, there->entry, there->len, &a->exchange->keys, ask->about.digest);

	if (verdict == CAA_FLEET_GOOD)
		verdict = caa_fleet_entry_age(&e, now_ms, there->flushed_us);
	if (!caa_exchange_believe(a->exchange, verdict) || (e.kind != CAA_FLEET_CLAIM && e.kind != CAA_FLEET_ANSWER)) {
		go_alone(a, ask);
		return;
	}
	if (e.kind == CAA_FLEET_ANSWER) {
		give(a, ask, &e);
		return;
	}
	if (memcmp(e.owner, ask->ended, sizeof(e.owner)) == 0) {	/* the news came first */
		if (ask->answer.failure && ask->aside.epoch_us <= there->flushed_us)
			forget(ask);
		say(a, ask, CAA_FLEET_FAILED);
		return;
	}
	aside = ask->aside;
	if (aside.payload == NULL || memcmp(aside.owner, e.owner, sizeof(e.owner)) != 0)
		forget(ask);		/* what came of another lookup */
	memcpy(ask->other, e.owner, sizeof(e.owner));
	ask->look_us = caa_host_now_us() + (e.time_ms + CAA_FLEET_LEASE_MS > now_ms ? e.time_ms + CAA_FLEET_LEASE_MS - now_ms : 0) * US_PER_MS +
		LOOK_LATER_US;
	if (caa_fleet_word(ask) == CAA_FLEET_ASKED)
		caa_stats_add(a->exchange->stats, CAA_STAT_fleet_waited, 1);
	say(a, ask, CAA_FLEET_WAITS);
	give_referral(a, ask, &e);
	if (ask->aside.payload != NULL)
		heard(a, ask, &aside);
}

/** It is late, as long after what the store has said last as it may be silent for, and later by what it took until the claim was sent: this
 *  machine is so busy that its word may take as long to be heard. */
static uint64_t late_us(const struct caa_asks *a, const struct caa_fleet_ask *ask)
{
	uint64_t since_us = a->heard_us > ask->sent_us ? a->heard_us : ask->sent_us;
	uint64_t until_us = since_us + a->wait_us + (ask->sent_us - ask->asked_us), most_us = ask->sent_us + a->wait_us + CAA_ASKS_PATIENCE_US;

	return until_us < most_us ? until_us : most_us;
}

uint64_t caa_asks_due_us(const struct caa_asks *a)
{
	return a->watched != NULL ? late_us(a, a->watched) : UINT64_MAX;
}

void caa_asks_late(struct caa_asks *a, uint64_t now_us)
{
	for (; a->watched != NULL && now_us >= late_us(a, a->watched); a->watched = a->watched->owed_next) {
		atomic_store_explicit(&a->watched->late_us, now_us, memory_order_relaxed);
		if (!a->watched->ends)
			a->tell(a->arg, a->watched);
	}
}

/** A claim was sent. */
static void owe(struct caa_asks *a, struct caa_fleet_ask *ask)
{
	ask->sent_us = caa_host_now_us();
	ask->owed_next = NULL;
	if (a->owed == NULL)
		a->owed_end = &a->owed;
	*a->owed_end = ask;
	a->owed_end = &ask->owed_next;
	if (a->watched == NULL)
		a->watched = ask;
}

/** A claim is replied to: it is the first of those that are not. */
static void heard_of(struct caa_asks *a, struct caa_fleet_ask *ask)
{
	ask->asking = false;
	a->owed = ask->owed_next;
	if (a->watched == ask)
		a->watched = ask->owed_next;
	a->heard_us = caa_host_now_us();
}

static void claim(struct caa_asks *a, struct caa_fleet_ask *ask, bool anew);

static void claim_replied(void *of, const struct redisReply *reply)
{
	struct caa_fleet_ask *ask = of;
	struct caa_asks *a = ask->asks;
	struct caa_exchange_claimed there;

	heard_of(a, ask);
	if (!caa_exchange_read_claim(&there, a->exchange, reply)) {
		go_alone(a, ask);
		if (caa_exchange_made_claim(reply))	/* without the store's clock, or the notes, it is of no use */
			end(a, ask);
	} else {
		ask->epoch_us = there.now_us;
		ask->told_us = caa_host_now_us();
		ask->flushed_us = there.flushed_us;
		/* A flush that was heard of meanwhile may be older than what is there. */
		if ((there.flushed || (there.len > 0 && a->flush_us >= ask->sent_us)) && !ask->ends && !is_final(ask))
			claim(a, ask, true);
		else if (there.len == 0)
			claimed(a, ask);
		else if (!is_final(ask))
			found(a, ask, &there);
	}
	if (ask->ends && !ask->asking)
		complete(a, ask);
}

/** @param anew: what is there from before a flush makes room. */
static void claim(struct caa_asks *a, struct caa_fleet_ask *ask, bool anew)
{
	ask->asking = caa_exchange_claim(a->exchange, &ask->about, ask->owner, anew, claim_replied, ask);
	if (ask->asking)
		owe(a, ask);
	else
		go_alone(a, ask);
}

void caa_asks_take(struct caa_asks *a, struct caa_fleet_ask *ask)
{
	if (!ask->known && !ask->ends) {
		enlist(a, ask);
		claim(a, ask, false);
	} else if (ask->ends && !ask->asking) {
		complete(a, ask);
	} else if (!ask->ends) {
		tell_referral(a, ask);
	}
}

/* --- what the store tells ------------------------------------------------------------------------------------------------------ */

/** A lookup has ended without an answer: it may be what is waited for, and why may serve.  A failure is believed from who sends from the
 *  same place only: what servers refuse they may refuse to him alone. */
static void heard_end(struct caa_asks *a, struct caa_fleet_ask *ask, const struct caa_fleet_entry *e)
{
	forget(ask);
	memcpy(ask->ended, e->owner, sizeof(e->owner));
	if (e->kind != CAA_FLEET_FAILURE || memcmp(e->egress, a->exchange->egress, sizeof(e->egress)) != 0 ||
	    !caa_exchange_believe(a->exchange, caa_fleet_entry_age(e, caa_exchange_wall_ms(), ask->flushed_us)) || !put_aside(ask, e))
		return;
	ask->answer = (struct caa_fleet_answer){ .failure = true, .wire = ask->wire, .len = e->len };
}

/** News for a question that waits, or has not heard the first word. */
static void heard(struct caa_asks *a, struct caa_fleet_ask *ask, const struct caa_fleet_entry *e)
{
	bool its = caa_fleet_word(ask) == CAA_FLEET_WAITS && memcmp(e->owner, ask->other, sizeof(e->owner)) == 0;

	switch (e->kind) {
	case CAA_FLEET_ANSWER:
		if (ask->asking && !its) {	/* whether it is from before a flush is not known yet */
			(void)put_aside(ask, e);
			break;
		}
		if (e->epoch_us <= ask->flushed_us) {
			(void)caa_exchange_believe(a->exchange, CAA_FLEET_STALE);
			if (its)
				go_alone(a, ask);
			break;
		}
		/* An answer that was waited for is taken whatever its TTL (RFC 1035 s3.2.1), any other only while it is fresh. */
		if (e->time_ms > caa_exchange_wall_ms() + CAA_FLEET_SKEW_MS ||
		    (!its && caa_fleet_entry_age(e, caa_exchange_wall_ms(), 0) != CAA_FLEET_GOOD)) {
			(void)caa_exchange_believe(a->exchange, CAA_FLEET_STALE);
			break;
		}
		give(a, ask, e);
		break;
	case CAA_FLEET_FAILURE:
	case CAA_FLEET_ENDED:
		heard_end(a, ask, e);
		if (its)
			say(a, ask, CAA_FLEET_FAILED);
		break;
	case CAA_FLEET_CLAIM:
		if (caa_fleet_entry_age(e, caa_exchange_wall_ms(), 0) != CAA_FLEET_GOOD)
			(void)caa_exchange_believe(a->exchange, CAA_FLEET_STALE);
		else if (!ask->asking && its)
			give_referral(a, ask, e);
		else if (ask->asking && (ask->aside.payload == NULL || ask->aside.kind == CAA_FLEET_CLAIM))
			(void)put_aside(ask, e);	/* whose it is, and whether it is from before a flush, is not known yet */
		break;
	case CAA_FLEET_FLUSH:
		break;
	}
}

bool caa_asks_heard(struct caa_asks *a, const uint8_t *octets, size_t len, const uint8_t about[static CAA_FLEET_DIGEST])
{
	struct caa_fleet_ask *ask, *next;
	struct caa_fleet_entry e;

	for (ask = *bucket_of(a, about); ask != NULL; ask = next) {
		next = ask->hash_next;
		if (memcmp(ask->about.digest, about, CAA_FLEET_DIGEST) != 0 || is_final(ask) || ask->ends)
			continue;
		if (!caa_exchange_believe(a->exchange, caa_fleet_entry_read(&e, octets, len, &a->exchange->keys, ask->about.digest)))
			return false;
		heard(a, ask, &e);
	}
	return true;
}

void caa_asks_alone(struct caa_asks *a)
{
	for (struct caa_fleet_ask *ask = a->all; ask != NULL; ask = ask->all_next)
		go_alone(a, ask);
}

void caa_asks_tick(struct caa_asks *a, uint64_t now_us)
{
	for (struct caa_fleet_ask *ask = a->all, *next; ask != NULL; ask = next) {
		next = ask->all_next;
		if (!caa_store_ready(a->exchange->store))
			break;
		if (ask->owns && !ask->ends && now_us >= ask->renewed_us + RENEW_US) {
			renew(a, ask, false);
		} else if (caa_fleet_word(ask) == CAA_FLEET_WAITS && !ask->ends && !ask->asking && now_us >= ask->look_us) {
			claim(a, ask, false);
		}
	}
}
