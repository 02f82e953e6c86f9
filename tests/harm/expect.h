/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What a scenario itself expects of the module:
 *
 *	pass all | pass >= N			names, in all passes | in the first
 *	zone GLOB pass all
 *	zone GLOB p99 <= MS ms			of the questions in these zones
 *	zone GLOB rate <= N			new questions in any second at their servers
 *	other types <= MS ms			any question but for CAA
 *	queries <= N | queries <= F x needed + N
 *	time <= F x bound + S s			each pass; the bound is what the first limit needs
 *	fail within S s				what fails is told by then
 *	shares within P %			of the names that pass, each zone has as many
 */
#ifndef HARM_EXPECT_H
#define HARM_EXPECT_H

#include "trial.h"

void expect_judge(struct trial *t);

#endif
