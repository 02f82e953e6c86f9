# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154
# What the cases of caa-probe share: zones on a good BIND, the proxy that gives it faults, and a list of probes that are run at
# once, for most of them wait.

CAA_PROBE=${CAA_PROBE:-$LAB_BUILD/caa-probe}
for program in "$CAA_PROBE" "$LAB_BUILD/faulty" "$LAB_BUILD/sniff"; do
	[ -x "$program" ] || lab_skip "no $program; run make check"
done
# for a sanitizer's build: libldns leaks in its check of NSEC3, which shows in a whole stack only
caa_probe() {
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:fast_unwind_on_malloc=0 LSAN_OPTIONS=print_suppressions=0:suppressions=$LAB_TOP/tests/lsan.supp \
		"$CAA_PROBE" --server 127.0.53.1 "$@"
}

# the good BIND's two addresses, and one where nobody listens
BACKEND=127.0.53.10 GOOD=127.0.53.11 DEAD=127.0.61.251
lab_root_and_tld
lab_address $DEAD

# probe_zone ZONE RECORDS ADDRESS...: a zone file for any server, and its delegation
probe_zone() {
	local zone=$1 records=$2
	shift 2
	lab_delegate "$zone" "$@"
	LAB_NAMES=1 LAB_RECORDS=$records lab_zone_file "$zone" "$@"
}
# probe_bind ZONE: the good BIND has the zone's file
probe_bind() { LAB_MORE_ZONES+="zone \"$1\" { type primary; file \"$1.zone\"; };"$'\n'; }
# probe_good ZONE RECORDS ADDRESS...: both
probe_good() {
	probe_zone "$@"
	probe_bind "$1"
}

# probe_faulty ZONE FAULT RECORDS: the good BIND has it, but what reaches it comes through a fault of tests/lab/fault.c
faulty=()
probe_faulty() {
	local address=127.0.61.$((${#faulty[@]} + 1))
	lab_address $address
	faulty+=("$address=$2:$BACKEND")
	probe_good "$1" "$3" $address
}

# probe_sign ZONE OPTION...: sign the zone's file, with a key that is made once, and put the DS into its delegation
KEYS=$LAB_WORK/keys
mkdir "$KEYS"
probe_sign() {
	local zone=$1
	shift
	if [ ! -e "$KEYS/dsset-$zone." ]; then
		dnssec-keygen -q -a ECDSAP256SHA256 -f KSK -K "$KEYS" "$zone" >/dev/null 2>&1 || lab_die "no key for $zone"
	fi
	(cd "$KEYS" && dnssec-signzone -q -P -S -z -o "$zone" -f "$zone.signed" "$@" "$LAB_WORK/$zone.zone") >/dev/null 2>&1 ||
		lab_die "cannot sign $zone"
	mv "$KEYS/$zone.signed" "$LAB_WORK/$zone.zone"
}
# probe_ds ZONE: the line
probe_ds() { sed 's/ IN DS/ 3600 IN DS/' "$KEYS/dsset-$1."; }

# probe_start: the parents, the good BIND and the proxy, when all zones are known
probe_start() {
	lab_start_parents
	LAB_RECORDS='' lab_zone_file back.lab
	lab_start_bind back.lab $BACKEND $GOOD
	lab_spawn faulty "$LAB_BUILD/faulty" "${faulty[@]}"
	lab_until 20 grep -q '^ready' "$LAB_WORK/faulty.out" || lab_die "faulty does not listen"
}

# probe NAME STATUS CHECK...: what is to be found, in the order of the alphabet, each with ! if it fails a CA; PROBE_OPTIONS
names=() statuses=() options=() expected=()
probe() {
	names+=("$1") statuses+=("$2") options+=("${PROBE_OPTIONS:-}")
	shift 2
	expected+=("$*")
}

# probe_run: run them all, LAB_PROBES at once, each try with the time LAB_PROBE_TIMEOUT in ms, and check what each found; its
# report is in NAME.json, the rest in NAME.err.  What was not expected is asked for once more when nothing else runs: a busy
# machine loses answers to time, which is true of them and no finding of the lab.
probe_run() {
	local i running=0
	for i in "${!names[@]}"; do
		if [ $running -eq "${LAB_PROBES:-60}" ]; then
			wait -n
			running=$((running - 1))
		fi
		probe_one "$i" &
		running=$((running + 1))
	done
	wait
	for i in "${!names[@]}"; do
		probe_as_expected "$i" || { echo "# ${names[i]} is probed again, alone"; probe_one "$i"; }
		probe_as_expected "$i" || jq -r '.findings[] | "#   \(.address) \(.check) \(.fails) \(.what)"' "$LAB_WORK/${names[i]}.json"
		check "${names[i]}: ${expected[i]:-nothing} is found" [ "$found" = "${expected[i]}" ]
		check "${names[i]}: exit status ${statuses[i]}" [ "$status" = "${statuses[i]}" ]
	done
}
probe_one() {
	local file=$LAB_WORK/${names[$1]}
	# shellcheck disable=SC2086
	caa_probe --json ${LAB_PROBE_TIMEOUT:+--timeout "$LAB_PROBE_TIMEOUT"} ${options[$1]} "${names[$1]}" >"$file.json" 2>"$file.err"
	echo $? >"$file.status"
}
# probe_as_expected I: sets found and status
probe_as_expected() {
	local file=$LAB_WORK/${names[$1]}
	found=$(jq -r '[.findings[] | .check + if .fails then "!" else "" end] | unique | join(" ")' "$file.json")
	status=$(cat "$file.status")
	[ "$found" = "${expected[$1]}" ] && [ "$status" = "${statuses[$1]}" ]
}
# probe_is NAME FILTER VALUE: of its report
probe_is() {
	local value
	value=$(jq -r "$2" "$LAB_WORK/$1.json")
	[ "$value" = "$3" ] || { echo "# $value"; return 1; }
}
