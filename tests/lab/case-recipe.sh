# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# testdata/recipes/dnsdist-perspective.conf: four resolvers of one perspective behind Debian's dnsdist, compared with one alone.

command -v dnsdist >/dev/null || lab_skip "no dnsdist here; ./bootstrap installs what the lab needs"
front=127.0.53.69 alone=127.0.53.60
members='one two three four'
LAB_RECORDS=$(seq -f "big.shop.lab. 3600 CAA 0 issue \"ca.lab; account=%040.0f\"" 40)$'\n'
lab_root_and_tld
lab_delegate slow.lab 127.0.53.10 127.0.53.11
LAB_RECORDS='' lab_zone_file slow.lab 127.0.53.10 127.0.53.11
# shellcheck disable=SC2034
LAB_MORE_ZONES='zone "slow.lab" { type primary; file "slow.lab.zone"; };'
LAB_NAMES=200 lab_authority_bind shop.lab 127.0.53.10 127.0.53.11
lab_start_parents

# Questions in slow.lab take seconds, since its queries leave two in a second.
member() { lab_resolver "$1" "$UNBOUND_CAA" "$2" "$(lab_module_conf; lab_zone_conf .; lab_zone_conf slow.lab 2)
server:
 log-queries: yes"; }
member alone $alone
member one 127.0.53.61
member two 127.0.53.62
member three 127.0.53.63
member four 127.0.53.64

# The recipe, with the lab's addresses and paths, and suffixes of the lab.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$LAB_WORK/doh.key" -out "$LAB_WORK/doh.pem" \
	-days 2 -subj /CN=lab -addext "subjectAltName=IP:$front" 2>/dev/null
printf '%s\n' '// a comment' '' lab co.lab '*.wild.lab' '!free.wild.lab' '// ===BEGIN PRIVATE DOMAINS===' private.lab \
	>"$LAB_WORK/public_suffix_list.dat"
lab_address $front
recipe() {
	echo 'setSecurityPollSuffix("")'
	sed "s|192\.0\.2\.|127.0.53.6|; s|/etc/dnsdist|$LAB_WORK|g; s|/usr/share/publicsuffix|$LAB_WORK|" \
		"$LAB_TOP/testdata/recipes/dnsdist-perspective.conf"
}
recipe >"$LAB_WORK/dnsdist.conf"
takes() { dnsdist --check-config -C "$LAB_WORK/dnsdist.conf" >"$LAB_WORK/check.out" 2>&1; }
check "dnsdist takes the recipe" takes
: >"$LAB_WORK/dnsdist.out"
lab_spawn dnsdist dnsdist --supervised --disable-syslog -C "$LAB_WORK/dnsdist.conf"
all_up() { local n; n=$(grep -c "Marking downstream .* as 'up'" "$LAB_WORK/dnsdist.out"); [ "$n" -ge "$1" ]; }
lab_until 20 all_up 4 || lab_die "dnsdist does not find its resolvers"

# where NAME...: the resolvers that were asked for these names or what is below them, since the last forget
where() {
	local member name
	for member in $members; do
		for name in "$@"; do
			grep -q "[ .]$name\. CAA IN" "$LAB_WORK/$member.log" && echo "$member" && break
		done
	done | paste -sd' '
}
forget() { local member; for member in $members; do : >"$LAB_WORK/$member.log"; done; }
json() { jq -r "$1" "$LAB_WORK/climb.json"; }
https=(--as boulder --doh-ca "$LAB_WORK/doh.pem")

# --- one certificate ------------------------------------------------------------------------------------------------------
# seen: how many different questions each resolver sent to the zone, all together; what was sent again counts once
seen() {
	lab_settled bind-shop.lab
	sed -n 's/.*client @[^ ]* \([0-9.]*\)#.* query: \([^ ]*\) IN \([A-Z0-9]*\) .*/\1 \2 \3/p' "$LAB_WORK/bind-shop.lab.queries" |
		grep -v 'ready\.test ' | sort -u | wc -l
}
lab_climb $alone "$(lab_names deep)"
one_needs=$(seen)
check "one resolver alone: no name fails ($one_needs questions to the zone)" [ "$failed" -eq 0 ]
: >"$LAB_WORK/bind-shop.lab.queries"
lab_climb $front "$(lab_names deep)" "${https[@]}"
four_need=$(seen)
check "four over HTTPS: no name fails" [ "$failed" -eq 0 ]
check "  and the zone sees what one resolver sends ($four_need questions)" [ "$four_need" -eq "$one_needs" ]
home=$(where shop.lab)
check "  all labels of the zone go to one resolver ($home)" [ "$(wc -w <<<"$home")" -eq 1 ]
asked=$(for member in $members; do lab_stat "$member" caa.questions; done | sort -n | paste -sd' ')
check "  and none but the TLD's to another ($asked)" awk '{ exit !($1 + $2 == 0 && $3 <= 1 && $4 > 300) }' <<<"$asked"
for transport in --udp --tcp; do
	forget
	lab_climb $front "$(lab_second_names deep)" $transport
	check "four over ${transport#--}: no name fails" [ "$failed" -eq 0 ]
	check "  and all labels go to the same resolver" [ "$(where shop.lab)" = "$home" ]
done

# --- a question takes as long as it takes -------------------------------------------------------------------------------------
# Four names have 13 queries; those that are asked after them wait for 6 seconds and more.
"$CAA_CLIMB" -s $front --tcp a.b.d{6..9}.slow.lab >/dev/null &
first_pid=$!
is_asked() { [ -n "$(where "$1")" ]; }
lab_until 20 is_asked a.b.d9.slow.lab
"$CAA_CLIMB" --json -s $front --https --doh-ca "$LAB_WORK/doh.pem" a.b.d1.slow.lab >"$LAB_WORK/slow-https.json" &
https_pid=$!
"$CAA_CLIMB" --json -s $front a.b.d2.slow.lab >"$LAB_WORK/slow-udp.json" &
udp_pid=$!
lab_climb $front <(printf '%s\n' a.b.d3.slow.lab h1.shop.lab) --tcp
wait $first_pid $https_pid $udp_pid
seconds=$(jq -r ".names[0].seconds" "$LAB_WORK"/slow-{https,udp}.json "$LAB_WORK/climb.json" | paste -sd" ")
for transport in https udp; do
	check "what takes longer than dnsdist waits by itself is answered over $transport ($seconds)" \
		[ "$(jq -r '.names[0] | "\(.passed) \(.seconds > 2)"' "$LAB_WORK/slow-$transport.json")" = 'true true' ]
done
check "  and over TCP" [ "$(json '.names[0] | "\(.passed) \(.seconds > 2)"')" = 'true true' ]
check "  where it delays no other question of the connection" [ "$(json '.names[1].seconds < .names[0].seconds')" = true ]
lab_climb $front <(echo big.shop.lab) "${https[@]}"
check "an answer too large for UDP comes over HTTPS" [ "$(json '.names[0] | "\(.passed) \(.records | length)"')" = 'true 40' ]

# --- many domains, and one resolver less --------------------------------------------------------------------------------------
seq -f 'www.z%.0f.lab' 40 >"$LAB_WORK/names-zones"
# map FILE: which resolver each zone has, a line for each that it was asked at; prints how many lines and zones
map() {
	local member
	for member in $members; do sed -n "s/.*[ .]\(z[0-9]*\.lab\)\. CAA IN.*/\1 $member/p" "$LAB_WORK/$member.log"; done |
		sort -u >"$LAB_WORK/$1"
	awk '{ zone[$1] } END { print NR, length(zone) }' "$LAB_WORK/$1"
}
forget
lab_climb $front "$LAB_WORK/names-zones" "${https[@]}"
check "40 domains: each has one resolver" [ "$failed $(map before)" = '0 40 40' ]
spread=$(awk '{ print $2 }' "$LAB_WORK/before" | sort | uniq -c | awk '{ print $1 }' | paste -sd' ')
check "  and every resolver some ($spread)" [ "$(wc -w <<<"$spread")" -eq 4 ]
forget
seq -f 'www.x%.0f.co.lab' 20 >"$LAB_WORK/names-suffix"
printf '%s\n' www.p{1..9}.private.lab www.w.free.wild.lab www.v.free.wild.lab a.x.w.wild.lab b.x.w.wild.lab >>"$LAB_WORK/names-suffix"
lab_climb $front "$LAB_WORK/names-suffix"
check "domains below a public suffix of two labels are spread as others are" [ "$(where co.lab | wc -w)" -eq 4 ]
check "  but not those of one owner" [ "$(where private.lab | wc -w)" -eq 1 ]
check "  nor below what is no suffix by exception" [ "$(where free.wild.lab | wc -w)" -eq 1 ]
check "  nor below one label more than a wildcard" [ "$(where x.w.wild.lab | wc -w)" -eq 1 ]

forget
lab_stop "$home" KILL
lab_climb $front "$LAB_WORK/names-zones" "${https[@]}" --timeout 1 --tries 60
check "$home is killed: every name is answered, once it is missed" [ "$failed" -eq 0 ]
forget
lab_climb $front "$LAB_WORK/names-zones" "${https[@]}" --tries 1
check "  then at once" [ "$failed $(map without)" = '0 40 40' ]
check "  by the others" [ "$(awk '{ print $2 }' "$LAB_WORK/without" | sort -u | grep -cx "$home")" -eq 0 ]
check "  where each domain of theirs has stayed" [ -z "$(join "$LAB_WORK/before" "$LAB_WORK/without" |
	awk -v home="$home" '$2 != home && $2 != $3')" ]
check "  and $home's are with several" [ "$(join "$LAB_WORK/before" "$LAB_WORK/without" |
	awk -v home="$home" '$2 == home { print $3 }' | sort -u | wc -l)" -gt 1 ]
lab_climb $front "$(lab_names flat)" "${https[@]}"
check "  as is the certificate's zone: no name fails" [ "$failed" -eq 0 ]
ups=$(grep -c "Marking downstream .* as 'up'" "$LAB_WORK/dnsdist.out")
lab_start_resolver "$home" "$UNBOUND_CAA"
lab_until 20 all_up $((ups + 1)) || lab_die "dnsdist does not see $home again"
forget
lab_climb $front "$LAB_WORK/names-zones" "${https[@]}"
map again >/dev/null
check "it is back: every domain is where it was" cmp -s "$LAB_WORK/before" "$LAB_WORK/again"

# --- what is no ordinary name, or no ordinary state ------------------------------------------------------------------------------
status() { dig +tries=1 +time=10 +noall +comments caa "$1" "@$2" | sed -n 's/.*status: \([A-Z]*\),.*/\1/p'; }
check "the root has a resolver" [ "$(status . $front)" = NOERROR ]
check "  so has a TLD" [ "$(status lab $front)" = NOERROR ]
check "  and names with dots and backslashes in their labels" [ "$(for name in 'x\.y\\.lab' '\\.lab' 'a.\000\255\.lab'; do
	status "$name" $front; done | sort | uniq -c | awk '{ print $1, $2 }')" = '3 NXDOMAIN' ]
forget
log=$LAB_WORK/$(awk '$1 == "z1.lab" { print $2 }' "$LAB_WORK/before").log
check "a name in capitals has that of its domain" [ "$(status WWW.Z1.LAB $front) $(grep -ci 'www\.z1\.lab\. caa in' "$log")" = 'NXDOMAIN 1' ]
lab_address 127.0.53.68
{ sed "s/$front/127.0.53.68/" "$LAB_WORK/dnsdist.conf"; echo 'for _, s in ipairs(getServers()) do s:setDown() end'; } >"$LAB_WORK/down.conf"
: >"$LAB_WORK/down.out"
lab_spawn down dnsdist --supervised --disable-syslog -C "$LAB_WORK/down.conf"
lab_until 20 lab_answers 127.0.53.68 lab
check "with every resolver down, as the checks see it, one is asked all the same" lab_answers 127.0.53.68 lab
