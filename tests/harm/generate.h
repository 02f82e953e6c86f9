/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Scenarios composed from a seed. */
#ifndef HARM_GENERATE_H
#define HARM_GENERATE_H

#include <stdio.h>

/** Seeds of one block of this size have the same threads and options, so that they can share a pair of resolvers. */
enum { SEEDS_PER_BLOCK = 40 };

/** Write the scenario of a seed: the same for the same seed. */
void generate(unsigned seed, FILE *out);

#endif
