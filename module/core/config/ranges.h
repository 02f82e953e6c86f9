/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Ranges of values that are configured, where others than the table of options hold to them. */
#ifndef CAA_CORE_RANGES_H
#define CAA_CORE_RANGES_H

enum {
	CAA_RATE_MAX = 50000,		/**< queries per second; 20 us apart */
	CAA_BURST_MAX = 1000,		/**< queries that may leave at once */
	CAA_CLIMB_OPTION_MIN = 65001,	/**< codes for local use, RFC 6891 s9 */
	CAA_CLIMB_OPTION_MAX = 65534
};

#endif
