/* SPDX-License-Identifier: BSD-3-Clause */
/** \file The kinds of zones of the comparison: how a zone is signed, what is wrong with that, and where it is served. */
#ifndef COMPARE_KINDS_H
#define COMPARE_KINDS_H

enum proof { PROOF_NONE, PROOF_NSEC, PROOF_NSEC3, PROOF_OPT_OUT };

/** Which of the keys signs. */
enum which_key { KEY_ECDSA, KEY_OTHER, KEY_RSA, KEY_ED25519, KEY_COUNT };

/** What the parent says of the zone's key. */
enum ds { DS_NONE, DS_GOOD, DS_OTHER_KEY, DS_UNKNOWN_ALGORITHM, DS_UNKNOWN_DIGEST };

/** What is wrong with the signed zone. */
enum spoil {
	SPOIL_NOTHING,
	SPOIL_SIGNATURES,	/**< all but that of the keys do not match */
	SPOIL_KEY_SIGNATURE,	/**< that of the keys does not match */
	SPOIL_EXPIRED,
	SPOIL_NOT_YET,
	SPOIL_NO_CAA_SIGNATURE,
	SPOIL_NO_SIGNATURES,	/**< there are keys, and proofs without signatures */
	SPOIL_NO_PROOF,		/**< there is no NSEC or NSEC3 */
	SPOIL_LYING_PROOF,	/**< it says that there is CAA where there is none */
	SPOIL_OTHER_KEY		/**< signed by a key that the zone does not have */
};

/** PowerDNS signs what it answers. */
enum live { LIVE_NO, LIVE_NSEC, LIVE_NSEC3, LIVE_NARROW };

struct kind {
	const char *name;
	unsigned weight;	/**< of all the weights */
	enum proof proof;
	enum which_key key;
	enum ds ds;
	enum spoil spoil;
	unsigned iterations;
	enum live live;
};

static const struct kind kinds[] = {
	/* name			weight	proof		key		DS			spoilt			it	live */
	{ "unsigned",		240,	PROOF_NONE,	KEY_ECDSA,	DS_NONE,		SPOIL_NOTHING,		0,	LIVE_NO },
	{ "nsec",		160,	PROOF_NSEC,	KEY_ECDSA,	DS_GOOD,		SPOIL_NOTHING,		0,	LIVE_NO },
	{ "nsec3",		110,	PROOF_NSEC3,	KEY_ECDSA,	DS_GOOD,		SPOIL_NOTHING,		0,	LIVE_NO },
	{ "opt-out",		80,	PROOF_OPT_OUT,	KEY_ECDSA,	DS_GOOD,		SPOIL_NOTHING,		0,	LIVE_NO },
	{ "iterations",		15,	PROOF_NSEC3,	KEY_ECDSA,	DS_GOOD,		SPOIL_NOTHING,		10,	LIVE_NO },
	{ "too many iterations", 15,	PROOF_NSEC3,	KEY_ECDSA,	DS_GOOD,		SPOIL_NOTHING,		200,	LIVE_NO },
	{ "rsa",		20,	PROOF_NSEC,	KEY_RSA,	DS_GOOD,		SPOIL_NOTHING,		0,	LIVE_NO },
	{ "ed25519",		20,	PROOF_NSEC3,	KEY_ED25519,	DS_GOOD,		SPOIL_NOTHING,		0,	LIVE_NO },
	{ "live nsec",		40,	PROOF_NONE,	KEY_ECDSA,	DS_GOOD,		SPOIL_NOTHING,		0,	LIVE_NSEC },
	{ "live nsec3",		40,	PROOF_NONE,	KEY_ECDSA,	DS_GOOD,		SPOIL_NOTHING,		0,	LIVE_NSEC3 },
	{ "live narrow",	40,	PROOF_NONE,	KEY_ECDSA,	DS_GOOD,		SPOIL_NOTHING,		0,	LIVE_NARROW },
	{ "island",		15,	PROOF_NSEC,	KEY_ECDSA,	DS_NONE,		SPOIL_NOTHING,		0,	LIVE_NO },
	{ "unknown algorithm",	15,	PROOF_NSEC,	KEY_ECDSA,	DS_UNKNOWN_ALGORITHM,	SPOIL_NOTHING,		0,	LIVE_NO },
	{ "unknown digest",	15,	PROOF_NSEC3,	KEY_ECDSA,	DS_UNKNOWN_DIGEST,	SPOIL_NOTHING,		0,	LIVE_NO },
	{ "wrong signatures",	15,	PROOF_NSEC,	KEY_ECDSA,	DS_GOOD,		SPOIL_SIGNATURES,	0,	LIVE_NO },
	{ "wrong key signature", 15,	PROOF_NSEC,	KEY_ECDSA,	DS_GOOD,		SPOIL_KEY_SIGNATURE,	0,	LIVE_NO },
	{ "expired",		15,	PROOF_NSEC,	KEY_ECDSA,	DS_GOOD,		SPOIL_EXPIRED,		0,	LIVE_NO },
	{ "not yet valid",	15,	PROOF_NSEC3,	KEY_ECDSA,	DS_GOOD,		SPOIL_NOT_YET,		0,	LIVE_NO },
	{ "no CAA signature",	15,	PROOF_NSEC,	KEY_ECDSA,	DS_GOOD,		SPOIL_NO_CAA_SIGNATURE,	0,	LIVE_NO },
	{ "no signatures",	15,	PROOF_NSEC,	KEY_ECDSA,	DS_GOOD,		SPOIL_NO_SIGNATURES,	0,	LIVE_NO },
	{ "no NSEC",		15,	PROOF_NSEC,	KEY_ECDSA,	DS_GOOD,		SPOIL_NO_PROOF,		0,	LIVE_NO },
	{ "no NSEC3",		15,	PROOF_NSEC3,	KEY_ECDSA,	DS_GOOD,		SPOIL_NO_PROOF,		0,	LIVE_NO },
	{ "lying NSEC",		15,	PROOF_NSEC,	KEY_ECDSA,	DS_GOOD,		SPOIL_LYING_PROOF,	0,	LIVE_NO },
	{ "lying NSEC3",	15,	PROOF_NSEC3,	KEY_ECDSA,	DS_GOOD,		SPOIL_LYING_PROOF,	0,	LIVE_NO },
	{ "other key's",	15,	PROOF_NSEC,	KEY_ECDSA,	DS_GOOD,		SPOIL_OTHER_KEY,	0,	LIVE_NO },
	{ "wrong DS",		15,	PROOF_NSEC,	KEY_ECDSA,	DS_OTHER_KEY,		SPOIL_NOTHING,		0,	LIVE_NO },
	{ "DS without a key",	15,	PROOF_NONE,	KEY_ECDSA,	DS_GOOD,		SPOIL_NOTHING,		0,	LIVE_NO },
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

enum server { BIND, NSD, KNOT, PDNS, SERVERS };
static const char *const server_name[SERVERS] = { "bind", "nsd", "knot", "pdns" };
static const char *const server_address[SERVERS] = { "127.0.53.10", "127.0.53.11", "127.0.53.12", "127.0.53.13" };

/** Where a zone is served. */
enum place {
	PLACE_ONE, PLACE_TWO,
	PLACE_LAME,		/**< the server does not have it */
	PLACE_HALF_LAME,	/**< one of two does not */
	PLACE_DEAD,		/**< nobody listens */
	PLACE_HALF_DEAD,
	PLACE_SERVFAIL,		/**< NSD has it, and no file for it */
	PLACE_FAULTY,		/**< behind tests/lab/faulty.c, at an address of its own */
	PLACES
};
static const unsigned place_weight[PLACES] = { 640, 200, 15, 40, 10, 40, 15, 40 };

/** Faults of tests/lab/fault.c; the last ones make a resolver wait. */
static const char *const faults[] = {
	"tcp-refused", "edns-formerr", "edns-none", "option-formerr", "option-echo", "version-formerr", "version-ignored",
	"cookie-formerr", "cookie-wrong", "case-lower", "caa-refused", "caa-notimp", "caa-servfail", "caa-no-aa", "caa-no-soa",
	"caa-truncated", "caa-truncated-no-tcp", "caa-large", "caa-cut", "size-formerr", "type-notimp", "no-soa", "no-aa", "refused",
	"others-refused", "refer", "dnskey-refused", "ds-servfail", "unsigned", "denial-none",
	"tcp-silent", "option-drop", "version-drop", "cookie-drop", "other-question", "edns-drop", "caa-drop", "dnskey-drop", "udp-drop",
	"silent", "type-drop"
};
enum { FAULTS = sizeof(faults) / sizeof(faults[0]), FAULTS_QUICK = FAULTS - 11 };

#endif
