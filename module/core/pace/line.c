/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace/line.h"

#include "core/wire/seq.h"

#include <stddef.h>

enum { FAR = 64 };	/**< so far outside a neighbour of the same thread is looked for */

static void link_behind(struct caa_line *line, struct caa_turn *t, struct caa_turn *before)
{
	t->before = before;
	t->behind = before != NULL ? before->behind : line->first;
	*(before != NULL ? &before->behind : &line->first) = t;
	*(t->behind != NULL ? &t->behind->before : &line->last) = t;
}

static void unlink_turn(struct caa_line *line, struct caa_turn *t)
{
	*(t->before != NULL ? &t->before->behind : &line->first) = t->behind;
	*(t->behind != NULL ? &t->behind->before : &line->last) = t->before;
	t->before = t->behind = NULL;
}

void caa_line_wait(struct caa_line *line, struct caa_turn *t)
{
	line->called -= t->called;
	t->called = false;
}

/** Out of the line for good, not only to another place. */
static void take_out(struct caa_line *line, struct caa_turn *t)
{
	unlink_turn(line, t);
	caa_line_wait(line, t);
	t->in_line = false;
}

/** @return the last of a zone in front of a place in the line; NULL if there is none. */
static struct caa_turn *last_of(struct caa_turn *from, uint32_t zone)
{
	while (from != NULL && from->zone != zone)
		from = from->before;
	return from;
}

/** Whoever is behind the new one moves back to the next one's place, and the last of them to the new place. */
static void move_back(struct caa_turn *t, struct caa_place place)
{
	while (t->behind != NULL) {
		t->place = t->behind->place;
		t = t->behind;
	}
	t->place = place;
}

/** @return the next of a zone behind a place in the line; NULL if there is none. */
static struct caa_turn *next_of(struct caa_turn *from, uint32_t zone)
{
	while (from != NULL && from->zone != zone)
		from = from->behind;
	return from;
}

/** Let two of a zone change their places; one stands in front of the other. */
static void exchange(struct caa_line *line, struct caa_turn *front, struct caa_turn *back)
{
	struct caa_place place = front->place;
	struct caa_turn *before = back->before;
	uint32_t turn = front->turn;

	front->place = back->place;
	front->turn = back->turn;
	back->place = place;
	back->turn = turn;
	unlink_turn(line, back);
	link_behind(line, back, front);
	if (before == front)
		before = back;
	unlink_turn(line, front);
	link_behind(line, front, before);
}

void caa_line_enter(struct caa_line *line, struct caa_turn *t, struct caa_place place, uint32_t last_turn)
{
	struct caa_turn *older = last_of(line->last, t->zone), *before = line->last;

	t->turn = line->served + (last_turn == line->served ? 1 : 0);
	if (older != NULL)
		t->turn = older->turn + 1;
	while (before != NULL && caa_seq_before(t->turn, before->turn))
		before = before->before;
	link_behind(line, t, before);
	t->in_line = true;
	t->called = false;
	move_back(t, place);
	while ((older = last_of(t->before, t->zone)) != NULL && older->age_us > t->age_us)
		exchange(line, older, t);
}

void caa_line_undo(struct caa_line *line, struct caa_turn *t)
{
	struct caa_turn *younger;

	while ((younger = next_of(t->behind, t->zone)) != NULL)
		exchange(line, t, younger);
	/* From the end on each takes the place of the one before it. */
	for (struct caa_turn *last = line->last; last != t; last = last->before)
		last->place = last->before->place;
	take_out(line, t);
}

size_t caa_line_call(struct caa_line *line, uint32_t room, const void *thread, struct caa_turn **out, size_t max)
{
	struct caa_turn *t = line->first;
	size_t count = 0;

	if (line->called >= room)	/* they are on their way */
		return 0;
	for (; t != NULL && room > 0 && count < max; t = t->behind, room--) {
		if (t->called || t->thread != thread)
			continue;
		t->called = true;
		line->called++;
		out[count++] = t;
	}
	return count;
}

static void go_outside(struct caa_line *line, struct caa_turn *t)
{
	t->before = NULL;
	t->behind = line->outside;
	if (t->behind != NULL)
		t->behind->before = t;
	line->outside = t;
}

static void leave_outside(struct caa_line *line, struct caa_turn *t)
{
	*(t->before != NULL ? &t->before->behind : &line->outside) = t->behind;
	if (t->behind != NULL)
		t->behind->before = t->before;
	t->before = t->behind = NULL;
}

void caa_line_set_outside(struct caa_line *line, struct caa_turn *t, bool outside)
{
	if (t->outside == outside)
		return;
	line->outsiders += outside;
	line->outsiders -= t->outside;
	t->outside = outside;
	(outside ? go_outside : leave_outside)(line, t);
}

static struct caa_turn *next_outside(const struct caa_turn *t, bool earlier)
{
	return earlier ? t->behind : t->before;
}

/** @return the next of its thread that came earlier, or later; NULL if none is near. */
static struct caa_turn *neighbour(const struct caa_turn *t, bool earlier)
{
	struct caa_turn *next = next_outside(t, earlier);

	for (unsigned far = 0; far < FAR && next != NULL && next->thread != t->thread; far++)
		next = next_outside(next, earlier);
	return next != NULL && next->thread == t->thread ? next : NULL;
}

size_t caa_line_neighbours(const struct caa_turn *t, struct caa_turn *out[static CAA_LINE_NEIGHBOURS])
{
	size_t count = 0;

	for (int earlier = 0; t->outside && earlier < 2; earlier++) {
		out[count] = neighbour(t, earlier);
		count += out[count] != NULL;
	}
	return count;
}

bool caa_line_is_oldest(const struct caa_turn *t)
{
	return t->outside && neighbour(t, true) == NULL;
}

bool caa_line_is_front(const struct caa_turn *t, uint64_t most)
{
	for (; t != NULL && most > 0; t = t->before)
		most--;
	return t == NULL;
}

void caa_line_leave(struct caa_line *line, struct caa_turn *t)
{
	if (!t->in_line)
		return;
	take_out(line, t);
}

uint32_t caa_line_use(struct caa_line *line, struct caa_turn *t)
{
	uint32_t turn = t->turn;

	if (!t->in_line)
		return line->served;
	take_out(line, t);
	if (caa_seq_before(line->served, turn))
		line->served = turn;
	return turn;
}
