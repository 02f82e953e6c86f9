# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# make check-image: the OCI archive of make image, IMAGE: whether it is one, and its life in a namespace as its configuration says: a
# root that is read-only, no user with a name, one capability.

: "${IMAGE:=$LAB_BUILD/build/image/unbound-caa.tar}"
[ -f "$IMAGE" ] || lab_skip "no $IMAGE; run make image"
mkdir "$LAB_WORK/oci" "$LAB_WORK/image"
tar -xf "$IMAGE" -C "$LAB_WORK/oci"
blob() { echo "$LAB_WORK/oci/blobs/${1/://}"; }
check "it is an OCI layout" [ "$(jq -r .imageLayoutVersion "$LAB_WORK/oci/oci-layout")" = 1.0.0 ]
for file in "$LAB_WORK"/oci/blobs/sha256/*; do
	check "  ${file##*/} is what its name says" [ "$(sha256sum "$file" | cut -d' ' -f1)" = "${file##*/}" ]
done
manifest=$(blob "$(jq -r '.manifests[0].digest' "$LAB_WORK/oci/index.json")")
config=$(blob "$(jq -r .config.digest "$manifest")")
layer=$(blob "$(jq -r '.layers[0].digest' "$manifest")")
check "the layer is that of the configuration" [ "sha256:$(zcat "$layer" | sha256sum | cut -d' ' -f1)" = "$(jq -r '.rootfs.diff_ids[0]' "$config")" ]
check "sizes are right" [ "$(jq -r '.layers[0].size' "$manifest") $(jq -r .config.size "$manifest")" = "$(stat -c %s "$layer") $(stat -c %s "$config")" ]
tar -xzf "$layer" -C "$LAB_WORK/image"
echo "# $(stat -c %s "$IMAGE") octets, unpacked $(zcat "$layer" | wc -c), $(zcat "$layer" | tar -tf - | wc -l) files"
# The Containerfile says the same.
containerfile=$LAB_TOP/module/packaging/image/Containerfile
said() { sed -n "s/^$1 //p" "$containerfile"; }
check "the Containerfile has the same user" [ "$(said USER)" = "$(jq -r .config.User "$config")" ]
check "  the same program" [ "$(said ENTRYPOINT)$(said CMD)" = "$(jq -r '[.config.Entrypoint, .config.Cmd] | map(tojson | gsub(",";", ")) | join("")' "$config")" ]
check "  the same health check" eval 'said HEALTHCHECK | grep -qF "$(jq -r ".config.Healthcheck.Test[1:] | tojson | gsub(\",\";\", \")" "$config")"'

# Its network is its own, as it listens on every address; the authorities are at the other end of its line.
unshare --net sleep infinity &
net=$!
disown $net
ip link add outer type veth peer name inner && lab_until 5 ip link set inner netns $net || lab_skip "no line between namespaces here"
ip address add 10.53.0.1/24 dev outer && ip link set outer up
in_net() { nsenter -t $net -n "$@"; }
in_net ip link set lo up && in_net ip address add 10.53.0.30/24 dev inner && in_net ip link set inner up
for address in 10.53.0.2 10.53.0.10 10.53.0.11; do lab_address $address; done
# a zone whose servers have names elsewhere
{ lab_soa other.lab; printf 'other.lab. 60 NS ns1.shop.lab.\nprivate.other.lab. 60 A 192.168.1.1\n'; } >"$LAB_WORK/other.lab.zone"
LAB_DELEGATION[other.lab]=$'other.lab. 3600 NS ns1.shop.lab.\n'
# shellcheck disable=SC2034
LAB_MORE_ZONES='zone "other.lab" { type primary; file "other.lab.zone"; };'
lab_authority_bind shop.lab 10.53.0.10 10.53.0.11
lab_parent_zones
lab_nsd tld 10.53.0.2 ' rrl-ratelimit: 0' lab
# what the image's user mounts: the internet of this lab, and a zone
mkdir "$LAB_WORK/conf.d"
cp "$LAB_WORK/image/etc/unbound/unbound.conf.d/zone.conf" "$LAB_WORK/conf.d/"
printf 'server:\n domain-insecure: "lab."\nstub-zone:\n name: "lab."\n stub-addr: 10.53.0.2\n' >"$LAB_WORK/conf.d/lab.conf"
root=$LAB_WORK/image
mount --bind "$LAB_WORK/conf.d" "$root/etc/unbound/unbound.conf.d" || lab_die "nothing can be mounted here"
mount --rbind "$root" "$root" && mount -t tmpfs -o mode=1777 run "$root/run" && mount --bind /dev "$root/dev" && mount -o remount,bind,ro "$root"
user=$(jq -r .config.User "$config")
# As a runtime does that has no capability to give: low ports are open to all in the namespace, as Docker and Podman have it.
in_net sysctl -q -w net.ipv4.ip_unprivileged_port_start=0 || lab_skip "the kernel keeps port 53 for root"
run() { exec nsenter -t $net -n setpriv --no-new-privs chroot --userspec="$user" --groups= "$root" "$@"; }
mapfile -t program < <(jq -r '.config.Entrypoint[], .config.Cmd[]' "$config")
mapfile -t health < <(jq -r '.config.Healthcheck.Test[1:][]' "$config")
in_image() { (run "$@"); }
health_is_good() { in_image "${health[@]}" >/dev/null 2>&1; }
check "its root is read-only" eval '! touch "$root/etc/x" 2>/dev/null'
start_image() {
	(run "${program[@]}") >"$LAB_WORK/image.out" 2>&1 &
	LAB_PID[image]=$!
	disown "${LAB_PID[image]}"
	lab_until 20 health_is_good
}
check "it becomes healthy" start_image
check "  as a user without a name" [ "$(stat -c %u:%g "/proc/${LAB_PID[image]}")" = "$user" ]
check "  without a capability" [ "$(sed -n 's/^CapEff:\t0*//p' "/proc/${LAB_PID[image]}/status")" = "" ]
check "it answers" [ "$(dig +tries=1 +time=5 caa h1.shop.lab @10.53.0.30 | grep -c 'status: NOERROR')" -eq 1 ]
lab_climb 10.53.0.30 "$(lab_names flat 20)"
check "  20 names" [ "$failed" -eq 0 ]
check "its log is on its standard error" grep -q 'start of service' "$LAB_WORK/image.out"
check "  without a warning" eval '! grep -iE "warn|error" "$LAB_WORK/image.out"'
check "its statistics are there" eval 'in_image /usr/sbin/unbound-control stats_noreset | grep -q "^caa.questions=[1-9]"'
check "  for Prometheus, too" eval 'in_image /usr/sbin/unbound-control caa_metrics | grep -q "^unbound_caa_questions_total [1-9]"'
check "an address that is private is an answer" [ "$(dig +tries=1 +time=5 +short a private.other.lab @10.53.0.30)" = 192.168.1.1 ]
start=$(date +%s%3N)
kill -TERM "${LAB_PID[image]}"
lab_until 20 lab_is_gone "${LAB_PID[image]}"
took=$(($(date +%s%3N) - start))
check "it stops within 2 s ($took ms)" [ "$took" -lt 2000 ]

# As a drop-in for Open MPIC's resolver: what its recipe mounts, asked as Open MPIC asks, and checked as its image checks itself.
recipes=$LAB_TOP/module/packaging/recipes
read -r from to < <(sed -n 's|.*- \./\([^:]*\):\(.*\):ro|\1 \2|p' "$recipes/open-mpic.compose.yaml")
check "open-mpic.compose.yaml mounts over what is in the image" [ -f "$root$to" ]
cp "$recipes/$from" "$LAB_WORK/conf.d/${to##*/}"
echo 'server: private-domain: "shop.lab."' >>"$LAB_WORK/conf.d/lab.conf"	# whose servers have private addresses here
check "  a volume of the image is its tmpfs" [ "$(jq -r '.config.Volumes | keys | join(" ")' "$config")" = "$(sed -n '/tmpfs:/{n;s/.*- //p}' "$recipes/open-mpic.compose.yaml")" ]
check "  with that it becomes healthy" start_image
check "  without advice" eval '! grep -iE "warn|error" "$LAB_WORK/image.out"'
check "  with Open MPIC's number of threads" eval 'in_image /usr/sbin/unbound-control stats_noreset | grep -q "^thread1\.num\.queries="'
for transport in notcp tcp; do
	check "  it answers as Open MPIC's is checked ($transport)" eval 'in_net dig +$transport +tries=1 +time=5 +short @127.0.0.1 -p 53 localhost | grep -qx 127.0.0.1'
done
lab_climb 10.53.0.30 "$(lab_second_names flat 20)" --as open-mpic --timeout "$(sed -n 's/^# *dns_timeout_seconds=//p' "$recipes/$from")" \
	--total "$(sed -n 's/^# *dns_resolution_lifetime_seconds=//p' "$recipes/$from")"
check "  20 names, as Open MPIC asks" [ "$failed" -eq 0 ]
check "  an address that is private is none" [ "$(dig +tries=1 +time=5 +short a private.other.lab @10.53.0.30)" = '' ]
lab_stop image
kill $net
