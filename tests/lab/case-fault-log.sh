# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# caa-log-file on a disk that is full, behind a limit of the process, moved away, in a folder that is gone or may not be written to: no
# question feels it, what is lost is counted and said, and when there is room again the log goes on with a whole line.

folder=$LAB_WORK/logs file=$LAB_WORK/logs/failures
mkdir "$folder"
mount -t tmpfs -o size=64k tmpfs "$folder" 2>/dev/null || lab_skip "no tmpfs can be mounted here"
lab_root_and_tld
lab_lie liar.lab refused
lab_spawn liar "$LAB_BUILD/liar" "${LAB_LIARS[@]}"
lab_start_parents
LAB_THREADS=2 lab_resolver caa "$UNBOUND_CAA" 127.0.53.30 "$(lab_module_conf; lab_zone_conf . '' 5)
 caa-log-after: 1
caa:
 caa-log-rate: 1000
 caa-log-file: \"$file\""
pid=${LAB_PID[caa]}

n=0
# ask TEXT: names that fail, ten at once; each hears why
ask() {
	local heard
	n=$((n + 10))
	heard=$(seq -f 'n%.0f.liar.lab' $((n - 9)) $n | "$CAA_CLIMB" --server 127.0.53.30 --file - --json |
		jq '[.names[].labels[0].ede[0].text | select(test("answered REFUSED"))] | length')
	check "$1: each question has its end and its reason" [ "$heard" = 10 ]
}
# has FILE: how many of the last ten names have a line there
has() { jq -R 'fromjson? | .name' "$1" 2>/dev/null | sort -u | grep -cE "\"n($(seq -s '|' $((n - 9)) $n))\.liar\.lab\""; }
lost() { lab_stat caa caa.log.lost; }
said() { grep -c "error: caa: caa-log-file: $1" "$LAB_WORK/caa.log"; }
fill() { dd if=/dev/zero of="$folder/fill" bs=4k 2>/dev/null; }

ask "as started"
check "  each is in the log" [ "$(has "$file")" -eq 10 ]

fill
ask "disk full"
ask "disk full"
check "  what is lost is counted ($(lost))" [ "$(lost)" -ge 15 ]
check "  and said, once in a minute" [ "$(said 'a line was not written')" -eq 1 ]
rm "$folder/fill"
ask "room again"
check "  each is in the log" [ "$(has "$file")" -eq 10 ]

mv "$file" "$file.1"
ask "moved"
check "  each is in the file that was moved" [ "$(has "$file.1")" -eq 10 ]
lab_control_quiet caa log_reopen
ask "log_reopen"
check "  each is in a new file" [ "$(has "$file")" -eq 10 ]

rm "$file.1"
mount --bind "$folder" "$folder" && mount -o remount,ro,bind "$folder"
mv "$file" "$file.1" 2>/dev/null && lab_die "the folder is not read only"
lab_control_quiet caa log_reopen
ask "folder read only"
check "  each is in the file that was open" [ "$(has "$file")" -eq 10 ]
check "  which is said" [ "$(said "$file cannot be opened: Read-only file system")" -eq 1 ]
umount "$folder"

exec 8<"$file"
umount -l "$folder" && rmdir "$folder"
lab_control_quiet caa log_reopen
ask "folder gone"
check "  each is in the file that was open" [ "$(has /dev/fd/8)" -eq 10 ]
check "  which is said" [ "$(said "$file cannot be opened: No such file or directory")" -eq 1 ]
lab_control_quiet caa reload
lab_until 20 lab_control_quiet caa status
check "folder gone, reload: it serves" lab_control_quiet caa status
ask "folder gone, reload"
exec 8<&-
grep -o 'caa: {.*' "$LAB_WORK/caa.log" | cut -c 6- >"$LAB_WORK/lines"
check "  each is in Unbound's log" [ "$(has "$LAB_WORK/lines")" -eq 10 ]
mkdir "$folder"
lab_control_quiet caa log_reopen
ask "there again, log_reopen"
check "  each is in the file" [ "$(has "$file")" -eq 10 ]

# beyond the log of Unbound, which would end it
truncate -s 1M "$file"
prlimit --pid "$pid" --fsize=1048576:unlimited || lab_die "no prlimit"
ask "no file may be longer"
check "  what is lost is counted ($(lost))" [ "$(lost)" -ge 5 ]
check "  and said" [ "$(said 'a line was not written: File too large')" -eq 1 ]
prlimit --pid "$pid" --fsize=unlimited:unlimited
truncate -s 0 "$file"
ask "it may"
check "  each is in the file" [ "$(has "$file")" -eq 10 ]
lab_stop caa
check "no crash, no report" [ "$(lab_reports)" -eq 0 ]
