/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool/probe/probe.h"

#include <stdlib.h>
#include <string.h>
#include "tool/probe/agree.h"
#include "tool/probe/judge.h"
#include "tool/probe/kind.h"

/** The RRset that decides, in one line. */
static void keep_records(struct caa_probe *p, const ldns_rr_list *records)
{
	ldns_buffer *out = ldns_buffer_new(LDNS_MAX_PACKETLEN);

	caa_name_write(p->relevant, ldns_rr_owner(ldns_rr_list_rr(records, 0)));
	for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(records, i);

		for (size_t k = 0; k < ldns_rr_rd_count(rr); k++) {
			ldns_buffer_printf(out, "%s", k > 0 ? " " : i > 0 ? ", " : "");
			ldns_rdf2buffer_str(out, ldns_rr_rdf(rr, k));
		}
	}
	free(p->records);
	p->records = ldns_buffer_export2str(out);
	ldns_buffer_free(out);
}

/** The good answer that a zone has for CAA at its name i. @return NULL if no address gives one. */
static const struct caa_exchange *good_answer(const struct caa_probe *p, const struct caa_zone *z, size_t i)
{
	for (size_t k = 0; k < z->cut->servers; k++)
		if (caa_kind_of(&z->tested[k].caa[i], z->cut->apex).is == CAA_KIND_GOOD &&
		    !caa_found_failing(&p->findings, z->cut, z->tested[k].server))
			return &z->tested[k].caa[i];
	return NULL;
}

/** Where CAA was asked at a name. @return false if it was not. */
static bool find_name(const struct caa_probe *p, const ldns_rdf *name, const struct caa_zone **z, size_t *i)
{
	for (size_t k = 0; k < p->zones; k++)
		for (size_t n = 0; n < p->zone[k]->names; n++)
			if (ldns_dname_compare(p->zone[k]->name[n], name) == 0) {
				*z = p->zone[k];
				*i = n;
				return true;
			}
	return false;
}

/** Whether the aliases of a zone's name i never end: more of them than there are zones do not. */
static bool is_circle(const struct caa_probe *p, const struct caa_zone *z, size_t i)
{
	for (unsigned hops = 0; hops <= CAA_PROBE_ZONES_MAX; hops++) {
		const struct caa_exchange *x = good_answer(p, z, i);
		const ldns_rdf *end = x != NULL ? caa_alias_end(x->reply, z->name[i]) : z->name[i];

		if (end == z->name[i])
			return false;
		if (caa_alias_end(x->reply, end) != end)
			return true;	/* within one answer */
		if (!find_name(p, end, &z, &i))
			return false;
	}
	return true;
}

static void judge_circles(struct caa_probe *p)
{
	const struct caa_zone *z = p->zone[0];
	char name[CAA_NAME_TEXT];

	for (size_t i = 0; i < z->names; i++)
		if (is_circle(p, z, i))
			caa_find(&p->findings, CAA_PROBE_CAA, true, z->cut, NULL, "the aliases of %s lead in a circle",
				caa_name_write(name, z->name[i]))->change = "let the alias lead to a name that is there";
}

/** What stands at a zone's name i, or where an alias of it leads. @return whether there is CAA. */
static bool take_at(struct caa_probe *p, const struct caa_zone *z, size_t i, unsigned depth)
{
	const struct caa_exchange *x = good_answer(p, z, i);
	const ldns_rdf *end = x != NULL ? caa_alias_end(x->reply, z->name[i]) : NULL;
	ldns_rr_list *records = x != NULL ? caa_zone_records(x) : ldns_rr_list_new();
	bool any = ldns_rr_list_rr_count(records) > 0;

	if (any)
		keep_records(p, records);
	ldns_rr_list_deep_free(records);
	if (!any && end != NULL && end != z->name[i] && depth < CAA_PROBE_ZONES_MAX && find_name(p, end, &z, &i))
		any = take_at(p, z, i, depth + 1);
	return any;
}

/** What a CA finds in the name's zone and by its aliases. @return whether it climbs no further. */
static bool take_relevant(struct caa_probe *p)
{
	bool any = false;

	for (size_t i = 0; !any && i < p->zone[0]->names; i++)
		any = take_at(p, p->zone[0], i, 0);
	return any;
}

/** What is above the zone, which its owner does not run.  @return whether a CA climbs no further. */
static bool ask_parent(struct caa_probe *p, const ldns_rdf *name)
{
	const struct caa_cut *cut = caa_walk_to(p->walk, name, NULL);
	struct caa_exchange x = { .query = { .name = name, .type = LDNS_RR_TYPE_CAA }, .fate = CAA_FATE_ANSWERED };
	char text[CAA_NAME_TEXT], zone[CAA_NAME_TEXT];
	ldns_rr_list *records;
	bool done;

	x.reply = caa_walk_ask(p->walk, cut, name, LDNS_RR_TYPE_CAA, true);
	if (x.reply == NULL || caa_kind_of(&x, cut->apex).is != CAA_KIND_GOOD)
		caa_find(&p->findings, CAA_PROBE_PARENT, true, p->zone[0]->cut, NULL,
			"the servers of %s, asked for CAA at %s, give no good answer", caa_name_write(zone, cut->apex),
			caa_name_write(text, name));
	if (x.reply == NULL)
		return false;
	records = caa_zone_records(&x);
	done = ldns_rr_list_rr_count(records) > 0;
	if (done)
		keep_records(p, records);
	ldns_rr_list_deep_free(records);
	caa_exchange_clear(&x);
	return done;
}

static void climb_above(struct caa_probe *p, const struct caa_zone *z)
{
	bool done = false;

	for (size_t labels = ldns_dname_label_count(z->cut->apex) - 1; !done && labels > 0; labels--) {
		ldns_rdf *name = caa_name_last(z->cut->apex, labels);

		done = ask_parent(p, name);
		ldns_rdf_deep_free(name);
	}
}

/** Whether there is a zone for the name at all: servers of the root or a TLD are not tested for what is below them. */
static bool is_delegated(const struct caa_zone *z)
{
	const struct caa_cut *parent = z->cut->parent;

	return parent != NULL && (parent->parent != NULL || ldns_dname_compare(z->cut->apex, z->name[0]) == 0);
}

/** Say that there is no zone for a name. @param alias: it is an alias's target, and a CA takes "no such name" for an answer. */
static void say_undelegated(struct caa_probe *p, const struct caa_zone *z, bool alias)
{
	const struct caa_cut *cut = alias ? p->zone[0]->cut : z->cut;
	char last[CAA_NAME_TEXT], name[CAA_NAME_TEXT];

	caa_name_write(last, z->cut->apex);
	caa_name_write(name, z->name[0]);
	if (!z->whole)
		caa_find(&p->findings, CAA_PROBE_ADDRESS, true, cut, NULL, "on the way to %s, the servers of %s give no answer", name,
			last)->change = "try again, and from elsewhere: port 53 has to be open to any address from here";
	else
		caa_find(&p->findings, CAA_PROBE_ADDRESS, !alias, cut, NULL, "the servers of %s know no zone for %s%s", last, name,
			alias ? ", where an alias leads" : "")->change = "register the domain, or look at the name";
}

/** What there is to say of a delegation itself. */
static void judge_delegation(struct caa_probe *p, const struct caa_zone *z)
{
	char parent[CAA_NAME_TEXT];

	if (z->cut->servers == 0)
		caa_find(&p->findings, CAA_PROBE_ADDRESS, true, z->cut, NULL,
			"no nameserver of the delegation has an address that can be asked");
	else if (z->cut->nowhere[0] != '\0')
		caa_find(&p->findings, CAA_PROBE_ADDRESS, false, z->cut, NULL, "nameserver %s has no address that can be asked",
			z->cut->nowhere);
	if (z->ds_unknown)
		caa_find(&p->findings, CAA_PROBE_PARENT, true, z->cut, NULL, "the servers of %s, asked for DS, give no good answer",
			caa_name_write(parent, z->cut->parent->apex));
}

/** Test and judge one more zone. @return false if there is no memory, or no room. */
static bool add_zone(struct caa_probe *p, const ldns_rdf *name, bool alias, const struct caa_exchange_options *o)
{
	struct caa_zone *z = p->zones < CAA_PROBE_ZONES_MAX ? caa_zone_find(p->walk, name, !alias) : NULL;
	bool delegated = z != NULL && is_delegated(z);

	if (z == NULL)
		return false;
	if (!delegated)
		say_undelegated(p, z, alias);
	if (alias && !delegated) {
		caa_zone_destroy(z);
		return true;
	}
	p->zone[p->zones++] = z;
	if (delegated)
		judge_delegation(p, z);
	if (!delegated || z->cut->servers == 0)
		return true;
	caa_zone_test(z, o);
	for (size_t i = 0; i < z->cut->servers; i++)
		caa_judge_server(&p->findings, z, &z->tested[i]);
	caa_agree(&p->findings, z);
	return true;
}

/** Where an alias leads out of the zone, and CAA is asked there. */
static void follow_aliases(struct caa_probe *p, const struct caa_zone *z, const struct caa_exchange_options *o)
{
	const struct caa_zone *other;
	size_t at;

	for (size_t i = 0; i < z->cut->servers; i++) {
		const struct caa_tested *t = &z->tested[i];

		for (size_t k = 0; k < caa_zone_climbed(z, t); k++) {
			const struct caa_exchange *x = &t->caa[k];
			const ldns_rdf *end = x->reply != NULL ? caa_alias_end(x->reply, z->name[k]) : z->name[k];
			ldns_rr_list *records = caa_zone_records(x);
			bool leads_on = end != z->name[k] && ldns_rr_list_rr_count(records) == 0 &&
				!find_name(p, end, &other, &at);

			ldns_rr_list_deep_free(records);
			if (leads_on && caa_walk_to(p->walk, end, NULL) != z->cut && !add_zone(p, end, true, o))
				caa_find(&p->findings, CAA_PROBE_ADDRESS, false, z->cut, NULL,
					"aliases lead to more than %d zones; what comes after is not known", CAA_PROBE_ZONES_MAX)
					->change = "let aliases lead where they are to lead at once";
		}
	}
}

bool caa_probe_run(struct caa_probe *p, const ldns_rdf *name, const struct caa_addr *root, const struct caa_exchange_options *o)
{
	p->walk = caa_walk_create(root, o);
	if (p->walk == NULL || !add_zone(p, name, false, o))
		return false;
	for (size_t i = 0; i < p->zones; i++)
		follow_aliases(p, p->zone[i], o);
	judge_circles(p);
	if (!take_relevant(p) && is_delegated(p->zone[0]))
		climb_above(p, p->zone[0]);
	return true;
}

void caa_probe_clear(struct caa_probe *p)
{
	for (size_t i = 0; i < p->zones; i++)
		caa_zone_destroy(p->zone[i]);
	caa_walk_destroy(p->walk);
	caa_from_clear(&p->from);
	free(p->records);
	memset(p, 0, sizeof(*p));
}

size_t caa_probe_answering(const struct caa_probe *p, const struct caa_zone *z)
{
	size_t count = 0;

	for (size_t i = 0; i < z->cut->servers; i++)
		count += z->tested[i].lives && !caa_found_failing(&p->findings, z->cut, z->tested[i].server);
	return count;
}

bool caa_probe_passes(const struct caa_probe *p)
{
	for (size_t i = 0; i < p->zones; i++)
		if (caa_probe_answering(p, p->zone[i]) == 0 || caa_found_failing(&p->findings, p->zone[i]->cut, NULL))
			return false;
	return p->zones > 0;
}
