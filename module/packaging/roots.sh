# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Fresh roots of Debian, for check-deb and check-fresh, which set out, the folder for roots and logs, and die.

# shellcheck disable=SC2154 # out
[ "$(id -u)" -eq 0 ] || die "run it as root: it makes roots of Debian"
command -v mmdebstrap >/dev/null || die "run: ./bootstrap --deb"
# shellcheck disable=SC2034 # for those who source this
here=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror_of() { apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $1" 'Component: main' | head -n 1; }
mirror=$(mirror_of "$here") security=$(mirror_of "$here-security")
[ -n "$mirror" ] || die "apt knows no mirror of $here"
has() { /usr/lib/apt/apt-helper -o APT::Sandbox::User=root download-file "${1%/}/dists/$2/InRelease" "$out/InRelease" >/dev/null 2>&1; }

# take_suites [SUITE...]: sets suites to these, or else to all that are supported and the mirror of apt has
take_suites() {
	local suite
	suites=("$@")
	[ $# -eq 0 ] || return 0
	for suite in bookworm trixie; do
		if has "$mirror" "$suite"; then suites+=("$suite"); else say "$suite: the mirror of apt has it not; left out" >&2; fi
	done
	[ ${#suites[@]} -gt 0 ] || die "no suite is to be had here, nothing was tried"
}

# root SUITE DIR PACKAGE...: with security updates, where apt has a mirror of them
root() {
	local suite=$1 dir=$2 sources
	shift 2
	rm -rf --one-file-system "$dir"
	sources=("deb ${mirror%/} $suite main")
	if [ -n "$security" ] && has "$security" "$suite-security"; then sources+=("deb ${security%/} $suite-security main"); fi
	mmdebstrap --quiet --variant=apt --include="ca-certificates${*:+,$(IFS=,; echo "$*")}" "$suite" "$dir" "${sources[@]}" >"$out/$suite.mmdebstrap.log" 2>&1 ||
		{ tail -n 5 "$out/$suite.mmdebstrap.log" >&2; die "mmdebstrap of $suite failed"; }
	[ ! -f /etc/resolv.conf ] || cp /etc/resolv.conf "$dir/etc/resolv.conf"
	env -u TMPDIR chroot "$dir" apt-get -q update >>"$out/$suite.mmdebstrap.log" 2>&1 ||
		{ tail -n 5 "$out/$suite.mmdebstrap.log" >&2; die "apt-get update failed in the root of $suite"; }
}
