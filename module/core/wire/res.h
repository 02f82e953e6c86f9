/* SPDX-License-Identifier: BSD-3-Clause */
/** \file What a function of the core can answer when it is not a question. */
#ifndef CAA_CORE_RES_H
#define CAA_CORE_RES_H

enum caa_res {
	CAA_OK,		/**< done; outputs are set */
	CAA_ENOMEM,	/**< no memory; outputs are untouched */
	CAA_EFORMAT,	/**< the input is not what the caller's comment allows; outputs are untouched */
	CAA_EFULL	/**< a bounded store is full; outputs are untouched */
};

#endif
