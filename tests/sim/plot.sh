#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# plot.sh SIMULATE DIRECTORY: draw the send rate against the limit over time, for each limiter with a rate, as SVG; and that of
# several resolvers which share one.

set -euo pipefail
simulate=$1 directory=$2
LEVELS=3 SEED=1 NODES=8
STEP_LINES=5		# of the trace, 0.1 s each, in a step of the drawing

mkdir -p "$directory"
if ! command -v gnuplot >/dev/null; then
	echo "make sim: gnuplot is not installed (gnuplot-nox on Debian): nothing is drawn" >&2
	exit 0
fi

# draw DATA LIMIT TITLE FILE
draw() {
	gnuplot <<END
set terminal svg size 900,420 background "white"
set output "$4"
set title "$3: 100 names of three queries each, and as many a minute later"
set xlabel "seconds"
set ylabel "queries/s"
set yrange [0:$2 * 4]
set key top right
plot "$1" using 1:2 with steps linecolor rgb "#bbbbbb" title "sent", \
	"$1" using 1:3 with steps linecolor rgb "#2a7f3f" title "answered", \
	"$1" using 1:4 with lines linewidth 2 linecolor rgb "#1f4e9c" title "learned rate", \
	$2 with lines dashtype 2 linecolor rgb "#b02020" title "limit"
END
}

"$simulate" models | while read -r model limit name; do
	[ "$limit" -gt 0 ] || continue
	file=$directory/$(tr -cs 'A-Za-z0-9' '-' <<<"$name" | sed 's/-$//')
	"$simulate" trace "$model" "$LEVELS" "$SEED" | awk -v n=$STEP_LINES '
		{ sent += $2; answered += $3 }
		NR % n == 0 { print $1, sent / n, answered / n, $4; sent = answered = 0 }' >"$file.data"
	draw "$file.data" "$limit" "$name" "$file.svg"
	rm -f "$file.data"
done
# Several resolvers that meet one limit, half of the load at the first: what each of them may send, and the sum.
for model in 3 13; do
	file=$directory/fleet-$model limit=$("$simulate" models | awk -v m=$model '$1 == m { print $2 }')
	"$simulate" fleet-trace "$model" $NODES "$SEED" >"$file.data"
	gnuplot <<END
set terminal svg size 900,420 background "white"
set output "$file.svg"
set title "$NODES resolvers, a limit of $limit/s, 130% of it asked for, half of that of the first"
set xlabel "seconds"
set ylabel "queries/s"
set yrange [0:$limit * 2]
plot for [i = 4:3 + $NODES] "$file.data" using 1:i with steps linecolor rgb "#bbbbbb" title (i == 4 ? "each resolver's rate" : ""), \
	"$file.data" using 1:3 with lines linewidth 2 linecolor rgb "#1f4e9c" title "their sum", \
	$limit with lines dashtype 2 linecolor rgb "#b02020" title "limit"
END
	rm -f "$file.data"
done
echo "drawn: $directory/*.svg"
