/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The authorities that are simulated: limiters with numbers, by name. */
#ifndef CAA_TESTS_SIM_MODEL_H
#define CAA_TESTS_SIM_MODEL_H

#include "sim.h"

enum { SIM_BUDGET_US = 20 * 1000000, SIM_NAMES = 100, SIM_MODELS = 23 };

struct sim_model {
	const char *name;
	struct limiter limiter;
	bool one_dead;		/**< one of its addresses answers nothing */
};

extern const struct sim_model sim_models[SIM_MODELS];

/** An authority of that model that was never asked. */
struct sim_authority sim_authority_of(const struct sim_model *m);

/** What became of two certificates of SIM_NAMES names each, the second a minute after the first. */
struct sim_result { uint64_t failed[2], took_us[2], asked[2]; };

/** @param levels: queries of each climb. @param trace: as for sim_run(). */
struct sim_result sim_certificates(const struct sim_model *m, unsigned levels, bool paced, uint64_t seed, FILE *trace);

#endif
