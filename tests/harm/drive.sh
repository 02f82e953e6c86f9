# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Drives the harm harness inside the lab's namespaces; tests/harm/run says what there is to say to it.
#
# A batch: one harm_server for all its scenarios, a fresh plain Unbound and a fresh one with the module, and harm_client, which
# asks both the same at the same time.  What fails in a batch is asked again in a smaller one, so that what many scenarios do to
# one resolver is not held against one of them.

: "${HARM_BATCH:=40}"		# scenarios at the same time
: "${HARM_AGAIN:=20}"		# and when what failed is asked again
: "${HARM_TRIES:=1}"		# that many times
: "${HARM_STAGGER:=150}"	# ms from the beginning of one scenario to that of the next
: "${HARM_SHRINK:=0}"		# that many rounds in which a failing scenario is made smaller
: "${HARM_SHRINK_MOST:=5}"	# of those of a batch
: "${HARM_OUT:=}"		# a folder for failing scenarios
HARM_PLAIN=40 HARM_MODULE=41	# the resolvers: 127.0.53.N, asking from 127.0.54.N
HARM_CLASSES_MAX=3		# names of a scenario whose class is looked up
HARM_SIDES=$HARM_PLAIN,$HARM_MODULE

for program in server client judge; do
	[ -x "$LAB_BUILD/harm_$program" ] || lab_skip "no $LAB_BUILD/harm_$program; run make harm_$program"
done
lab_need_plain

# harm_options FILE: what a scenario wants of the resolvers, as one word; scenarios with the same one can share them.
harm_options() {
	{
		grep -q '^threads' "$1" || echo threads=1
		sed -n 's/^\(threads\|option\) */\1=/p' "$1"
		! grep -q '^switch\|^option alone' "$1" || echo "alone=${1##*/}"	# what is switched is switched for all
	} | sort | tr '\n' ','
}

# harm_conf OPTIONS NUMBER
harm_conf() {
	printf 'server:\n trust-anchor-file: "%s"\n num-queries-per-thread: 16384\n trust-anchor-signaling: no\n' "$LAB_WORK/anchors"
	case $1 in *option=caps*) echo ' use-caps-for-id: yes' ;; esac
	case $1 in *option=nomin*) echo ' qname-minimisation: no' ;; esac
	case $1 in *option=few-tcp*) echo ' outgoing-num-tcp: 2' ;; esac
	case $1 in *option=dns64*) echo ' module-config: "dns64 validator iterator"' ;; esac
	case $1 in *option=sources*)
		lab_address "127.0.55.$2"
		lab_address "127.0.56.$2"
		printf ' outgoing-interface: 127.0.55.%s\n outgoing-interface: 127.0.56.%s\n' "$2" "$2"
	esac
}

# harm_front OPTIONS: the module stands behind another one, which goes first in plain Unbound as well.
harm_front() {
	case $1 in *option=dns64*) printf 'server:\n module-config: "dns64 dynlib validator iterator"\n' ;; esac
}

# harm_rates FILE...: the rates that scenarios set by hand.
harm_rates() {
	local slot=0 file zone rate
	for file in "$@"; do
		slot=$((slot + 1))
		while read -r _ zone rate; do printf 'caa-zone:\n name: "%s-%s.harm"\n caa-rate: %s\n' "$zone" $slot "$rate"; done \
			< <(grep '^caa-rate ' "$file")
	done
}

# harm_switches FILE...: disable and enable the module when scenarios say so; for one scenario that is run alone.
harm_switches() {
	local at state now=0
	while read -r _ _ at state; do
		sleep "$(((at - now) / 1000)).$(printf '%03d' $(((at - now) % 1000)))"
		now=$at
		case $state in off) state=no ;; on) state=yes ;; esac
		sed -i "s/caa-enable: .*/caa-enable: $state/" "$LAB_WORK/module.conf"
		lab_control module fast_reload >"$LAB_WORK/reload" 2>&1
	done < <(grep -h '^switch ' "$@" | sort -n -k 3)
}

harm_start() {
	local options=$1
	shift
	: >"$LAB_WORK/harm_server.out"
	lab_spawn harm_server "$LAB_BUILD/harm_server" --counts "$LAB_WORK/counts" --anchors "$LAB_WORK/anchors" "$@"
	lab_until 20 grep -q '^ready' "$LAB_WORK/harm_server.out" || lab_die "harm_server does not listen"
	# shellcheck disable=SC2034
	LAB_THREADS=$(sed -n 's/.*threads=\([0-9]*\).*/\1/p' <<<"$options")
	lab_resolver plain "$UNBOUND_PLAIN" 127.0.53.$HARM_PLAIN "$(harm_conf "$options" $HARM_PLAIN)"
	if [ -n "${HARM_CONTROL:-}" ]; then
		lab_resolver module "$UNBOUND_PLAIN" 127.0.53.$HARM_MODULE "$(harm_conf "$options" $HARM_MODULE)"
	else
		lab_resolver module "$UNBOUND_CAA" 127.0.53.$HARM_MODULE \
			"$(harm_conf "$options" $HARM_MODULE; lab_module_conf; harm_front "$options"; lab_zone_conf .; harm_rates "$@")"
	fi
}

# harm_reasons: the module's class for some names of each scenario that failed, as slot, name, class.
harm_reasons() {
	local slot name class
	awk -F '\t' -v most=$HARM_CLASSES_MAX '$5 == 257 && $12 == 2 && !seen[$4]++ && n[$1]++ < most { print $1, $4 }' \
		"$LAB_WORK/answers" | while read -r slot name; do
		lab_control module caa_explain "$name" json >"$LAB_WORK/explained.$slot.$name" 2>/dev/null	# for LAB_KEEP=1
		class=$(jq -r .class "$LAB_WORK/explained.$slot.$name" 2>/dev/null)
		[ -z "$class" ] || printf '%s\t%s\t%s\n' "$slot" "$name" "$class"
	done
}

harm_waiting() { lab_stat "$1" total.requestlist.current.all; }
# no more than plain, which has some for as long as it asks what its clients do not wait for
harm_is_idle() { [ "$(harm_waiting module)" -le "$(harm_waiting plain)" ]; }

# harm_adds_up: each failure has a class, and each packet an end; what does not goes to "sums".
harm_adds_up() {
	lab_control module stats_noreset >"$LAB_WORK/stats" 2>&1
	awk -F = '{ v[$1] = $2; if ($1 ~ /^caa\.failures\.[a-z-]*$/ && $1 !~ /(cached|names|repeated)$/) classes += $2 }
		END {
			if (classes != v["caa.failures"])
				printf "0\tg\t-\tcaa.failures is %d, its classes are %d\n", v["caa.failures"], classes
			sent = v["caa.sent.caa"] + v["caa.sent.other"]
			ended = v["caa.replied"] + v["caa.timed_out"] + v["caa.failed"] + v["caa.abandoned"]
			if (sent != ended)
				printf "0\tg\t-\tcaa.sent is %d, of which %d have ended\n", sent, ended
		}' "$LAB_WORK/stats" >"$LAB_WORK/sums"
	[ ! -s "$LAB_WORK/sums" ]
}

# harm_machine: what a batch itself leaves behind; property g, as a line of slot 0.
harm_machine() {
	local resolver
	for resolver in plain module; do
		! lab_is_gone "${LAB_PID[$resolver]}" ||
			printf '0\tg\t-\t%s has crashed: %s\n' $resolver "$(tail -n 1 "$LAB_WORK/$resolver.out")"
	done
	lab_until 30 harm_is_idle || printf "0\tg\t-\t%s questions are left in the request list, in plain's %s: %s\n" \
		"$(harm_waiting module)" "$(harm_waiting plain)" \
		"$(lab_control module dump_requestlist | sed -n '3,6p' | tr -s '\n ' ', ')"
	lab_control module caa_upstreams 1000 >"$LAB_WORK/upstreams" 2>&1
	# what is under way for nobody any more ends by its timeout
	lab_until 15 harm_adds_up || cat "$LAB_WORK/sums"
}

# harm_batch OPTIONS FILE...: run the scenarios; what they break goes to "verdicts", with --table first.
harm_batch() {
	local table=() options switches
	[ "$1" != --table ] || { table=(--table yes); shift; }
	options=$1
	shift
	harm_start "$options" "$@"
	harm_switches "$@" &
	switches=$!
	"$LAB_BUILD/harm_client" --out "$LAB_WORK/answers" --plain 127.0.53.$HARM_PLAIN --module 127.0.53.$HARM_MODULE \
		--stagger "$HARM_STAGGER" "$@" || lab_die "harm_client fails"
	wait $switches
	harm_reasons >"$LAB_WORK/reasons"
	harm_machine >"$LAB_WORK/machine"
	lab_stop module
	lab_stop plain
	lab_stop harm_server
	"$LAB_BUILD/harm_judge" --answers "$LAB_WORK/answers" --counts "$LAB_WORK/counts" --reasons "$LAB_WORK/reasons" \
		--sides $HARM_SIDES "${table[@]}" "$@" >"$LAB_WORK/judged"
	[ $? -le 1 ] || lab_die "harm_judge fails"
	cat "$LAB_WORK/judged" "$LAB_WORK/machine" >"$LAB_WORK/verdicts"
}

# harm_broken: the paths of scenarios that fail.
harm_broken() { awk -F '\t' 'index("acdegx", $2) && $3 != "-" && !seen[$3]++ { print $3 }' "$LAB_WORK/verdicts"; }

# harm_again OPTIONS FILE...: ask again, fewer at a time; leaves in "verdicts" what is broken again.
harm_again() {
	local options=$1 some all=$LAB_WORK/verdicts-again
	shift
	: >"$all"
	while [ $# -gt 0 ]; do
		some=("${@:1:HARM_AGAIN}")
		shift ${#some[@]}
		HARM_STAGGER=500 harm_batch "$options" "${some[@]}"
		cat "$LAB_WORK/verdicts" >>"$all"
	done
	mv "$all" "$LAB_WORK/verdicts"
}

# harm_confirmed OPTIONS FILE...: run the scenarios, and again those that fail; "verdicts" has what was broken each time, and of
# (b) and (f) what was broken the last time.
harm_confirmed() {
	local options=$1 try broken
	shift
	harm_batch "$options" "$@"
	cp "$LAB_WORK/verdicts" "$LAB_WORK/verdicts-first"
	mapfile -t broken < <(harm_broken)
	for ((try = 0; try < HARM_TRIES && ${#broken[@]} > 0; try++)); do
		harm_again "$options" "${broken[@]}"
		mapfile -t broken < <(harm_broken)
	done
	if [ "$HARM_TRIES" -gt 0 ]; then
		awk -F '\t' 'NR == FNR { again[$3] = 1; print; next } index("bf", $2) && !($3 in again)' \
			<(cat "$LAB_WORK/verdicts") "$LAB_WORK/verdicts-first" >"$LAB_WORK/verdicts-all"
		mv "$LAB_WORK/verdicts-all" "$LAB_WORK/verdicts"
	fi
}

# --- smaller scenarios -------------------------------------------------------------------------------------------------

# harm_property FILE: the property that a scenario breaks, by the verdicts; the first if there are several.
harm_property() { awk -F '\t' -v p="$1" '$3 == p && index("acdegx", $2) { print $2; exit }' "$LAB_WORK/verdicts"; }

# harm_breaks FILE PROPERTY: whether the verdicts say so.
harm_breaks() { awk -F '\t' -v p="$1" -v q="$2" '$3 == p && $2 == q { found = 1 } END { exit !found }' "$LAB_WORK/verdicts"; }

# harm_in_batches OPTIONS FILE...: run them, HARM_BATCH at a time; "verdicts" has those of all.
harm_in_batches() { HARM_AGAIN=$HARM_BATCH harm_again "$@"; }

# harm_words FILE: how large a scenario is.
harm_words() {
	sed 's/{\([0-9]*\)-\([0-9]*\)}/{\1 \2}/g' "$1" | awk '
		{ n += NF; for (i = 1; i < NF; i++) if (sub(/.*{/, "", $i)) n += ($(i + 1) - $i) / 1000 }
		END { print n }'
}

# harm_together FILE STEP...: the scenario with all these steps taken, of several for one line the one that leaves least.
harm_together() {
	local file=$1
	shift
	awk 'FNR == 1 { f++ } f == 1 { line[FNR] = first[FNR] = $0; n = FNR; next }
		$0 != first[FNR] && length($0) < length(line[FNR]) { line[FNR] = $0 }
		END { for (i = 1; i <= n; i++) print line[i] }' "$file" "$@"
}

# harm_smaller OPTIONS FILE...: make the scenarios smaller while each breaks the property that it broke.
harm_smaller() {
	local options=$1 dir=$LAB_WORK/smaller round file base step steps=() good some part n
	declare -A property=() now=()
	shift
	for file in "$@"; do
		property[$file]=$(harm_property "$file")
		now[$file]=$file
	done
	for ((round = 1; round <= HARM_SHRINK; round++)); do
		rm -rf "$dir"
		mkdir -p "$dir"
		for file in "$@"; do
			base=${file##*/}
			"$LAB_BUILD/harm_server" --smaller "${now[$file]}" "$dir/${base%.harm}"
		done
		mapfile -t steps < <(find "$dir" -name '*.harm' | sort)
		[ ${#steps[@]} -gt 0 ] || break
		harm_in_batches "$options" "${steps[@]}"
		cp "$LAB_WORK/verdicts" "$LAB_WORK/verdicts-steps"
		for file in "$@"; do
			base=${file##*/} good=()
			base=${base%.harm}
			for step in "$dir/$base"-*; do
				! harm_breaks "$step" "${property[$file]}" || good+=("$step")
			done
			[ ${#good[@]} -gt 0 ] || continue
			harm_together "${now[$file]}" "${good[@]}" >"$dir/all-$base-0.harm"
			# and for where they do not go together, some of them
			for part in 2 3; do
				some=()
				for ((n = 0; n < ${#good[@]}; n++)); do [ $((n / part % 2)) -ne 0 ] || some+=("${good[n]}"); done
				harm_together "${now[$file]}" "${some[@]}" >"$dir/all-$base-$part.harm"
			done
		done
		mapfile -t steps < <(find "$dir" -name 'all-*.harm' | sort)
		[ ${#steps[@]} -gt 0 ] || break
		harm_in_batches "$options" "${steps[@]}"
		for file in "$@"; do
			base=${file##*/}
			step=$(awk -F '\t' -v q="${property[$file]}" -v p="$dir/${base%.harm}-" -v all="$dir/all-${base%.harm}-" \
				'$2 == q && (index($3, p) == 1 || index($3, all) == 1) { print $3 }' "$LAB_WORK/verdicts-steps" "$LAB_WORK/verdicts" |
				sort -u | while read -r step; do echo "$(harm_words "$step") $step"; done | sort -n | sed -n '1s/^[^ ]* //p')
			[ -n "$step" ] || continue
			cp "$step" "$LAB_WORK/small-$base"
			now[$file]=$LAB_WORK/small-$base
		done
	done
	for file in "$@"; do
		echo "# ${file##*/}, smaller, breaks (${property[$file]}):"
		grep . "${now[$file]}" | sed 's/^/    /'
		[ -z "$HARM_OUT" ] ||
			{ echo "# (${property[$file]}) of ${file##*/}"; grep . "${now[$file]}"; } >"$HARM_OUT/small-${file##*/}"
	done
}

# harm_smaller_some OPTIONS: of those that failed, the first few of each property.
harm_smaller_some() {
	local some
	mapfile -t some < <(awk -F '\t' 'index("acdegx", $2) && $3 != "-" && !seen[$3]++ { print ++n[$2], $3 }' "$LAB_WORK/verdicts" |
		sort -n | sed "s/^[0-9]* //; ${HARM_SHRINK_MOST}q")
	[ ${#some[@]} -eq 0 ] || harm_smaller "$1" "${some[@]}"
}

# --- results ---------------------------------------------------------------------------------------------------------------

harm_print() { sed 's/^[0-9]*\t\(.\)\t[^\t]*\/\([^\t\/]*\)\t/  (\1) \2: /; s/^0\tg\t-\t/  (g) /' "$1"; }

# harm_keep: failing scenarios and what they break, into HARM_OUT.
harm_keep() {
	local path
	[ -n "$HARM_OUT" ] || return 0
	mkdir -p "$HARM_OUT"
	for path in $(harm_broken); do
		{
			awk -F '\t' -v p="$path" '$3 == p { print "# (" $2 ") " $4 }' "$LAB_WORK/verdicts"
			grep -v '^#' "$path"
		} >"$HARM_OUT/${path##*/}"
	done
}

# harm_report COUNT: what a batch has shown, and the sums of all so far.
declare -A HARM_SUM=()
HARM_RAN=0 HARM_BAD=0
harm_report() {
	local property n
	HARM_RAN=$((HARM_RAN + $1))
	n=$(harm_broken | wc -l)
	HARM_BAD=$((HARM_BAD + n))
	harm_print "$LAB_WORK/verdicts"
	for property in a b c d e f g x; do
		n=$(awk -F '\t' -v p=$property '$2 == p && !seen[$3]++ { n++ } END { print n + 0 }' "$LAB_WORK/verdicts")
		HARM_SUM[$property]=$((${HARM_SUM[$property]:-0} + n))
	done
	harm_keep
}

# harm_run OPTIONS FILE...: the scenarios of a batch, from the first time to the report.
harm_run() {
	harm_confirmed "$@"
	harm_report $(($# - 1))
	[ "$HARM_SHRINK" -eq 0 ] || harm_smaller_some "$1"
}

harm_seeds() {
	local first=$1 last=$(($1 + $2 - 1)) seed files options
	mkdir -p "$LAB_WORK/seeds"
	while [ "$first" -le $last ]; do
		files=()
		for seed in $(seq "$first" $last); do
			"$LAB_BUILD/harm_server" --generate "$seed" >"$LAB_WORK/seeds/seed-$seed.harm"
			[ ${#files[@]} -gt 0 ] || options=$(harm_options "$LAB_WORK/seeds/seed-$seed.harm")
			[ "$(harm_options "$LAB_WORK/seeds/seed-$seed.harm")" = "$options" ] || break
			files+=("$LAB_WORK/seeds/seed-$seed.harm")
			[ ${#files[@]} -lt "$HARM_BATCH" ] || break
		done
		echo "# seeds $first to $((first + ${#files[@]} - 1)), $options"
		harm_run "$options" "${files[@]}"
		first=$((first + ${#files[@]}))
	done
}

harm_alone() {
	harm_batch --table "$(harm_options "$1")" "$1"
	grep '^#' "$LAB_WORK/verdicts"
	sed -i '/^#/d' "$LAB_WORK/verdicts"
	harm_report 1
	[ "$HARM_SHRINK" -eq 0 ] || harm_smaller_some "$(harm_options "$1")"
}

# harm_files FILE...: scenarios that want the same of the resolvers together; or each alone, with a table.
harm_files() {
	local options file files
	if [ $# -eq 1 ] || [ -n "${HARM_ALONE:-}" ]; then
		for file in "$@"; do harm_alone "$file"; done
		return
	fi
	for options in $(for file in "$@"; do harm_options "$file"; echo; done | sort -u); do
		files=()
		for file in "$@"; do
			[ "$(harm_options "$file")" != "$options" ] || files+=("$file")
		done
		echo "# ${#files[@]} scenarios, $options"
		harm_run "$options" "${files[@]}"
	done
}

harm_sum() {
	local property
	printf '# %s scenarios, %s break (a), (c), (d), (e), (g) or their expectation;' "$HARM_RAN" "$HARM_BAD"
	for property in a b c d e f g x; do printf ' %s %s' $property "${HARM_SUM[$property]:-0}"; done
	echo
	# the logs of the last batch say nothing of the others
	# shellcheck disable=SC2034
	LAB_LOG=()
	rm -f "$LAB_WORK"/*.out
	check "never worse than plain Unbound: $HARM_RAN scenarios" [ "$HARM_BAD" -eq 0 ]
	[ "${HARM_SUM[g]:-0}" -eq 0 ] || check "nothing is left behind" false
	[ -z "${HARM_STRICT:-}" ] || check "nor later, nor for another reason" [ $((${HARM_SUM[b]:-0} + ${HARM_SUM[f]:-0})) -eq 0 ]
}

if [ -n "${HARM_FILES:-}" ]; then
	mapfile -t harm_list <<<"$HARM_FILES"
	harm_files "${harm_list[@]}"
fi
[ "${HARM_SEEDS:-0}" -eq 0 ] || harm_seeds "${HARM_FIRST:-1}" "$HARM_SEEDS"
harm_sum
