# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# The picture of a soak, from the rows that case-soak keeps: seconds since the start, KB in use, p50 and p99 in ms, questions that are open,
# and for good, limited and faulty zones how many questions for CAA were asked, answered, and told SERVFAIL since the start.

# soak_picture ROWS FILE: draws ROWS into FILE, SVG; without gnuplot or a second row it says so
soak_picture() {
	command -v gnuplot >/dev/null || { echo "# no gnuplot: nothing is drawn"; return 0; }
	[ "$(wc -l <"$1")" -gt 1 ] || { echo "# too short for a picture"; return 0; }
	# what is new in each interval, a second: time in minutes, MB, p50, p99, open, then for good, limited and faulty: asked, right, SERVFAIL
	awk '$1 > at + 0 { d = $1 - at; line = $1 / 60 " " $2 / 1024 " " $3 " " $4 " " $5
		for (i = 6; i <= 14; i++) { line = line " " ($i - was[i]) / d; was[i] = $i }
		at = $1; print line }' "$1" >"$1.drawn"
	gnuplot <<END || lab_die "gnuplot draws nothing"
set terminal svg size 900,620 background "white" font "sans,12"
set output "$2"
set multiplot layout 3,1 margins 0.07,0.93,0.08,0.95 spacing 0.1
set xrange [0:*]
set yrange [0:*]
set offsets 0, 0, graph 0.6, 0
set key top right horizontal noenhanced samplen 2
set title "questions for CAA in a second, answered right and told SERVFAIL, by what their servers are" offset 0,-0.6
plot "$1.drawn" using 1:7 with lines linewidth 2 linecolor rgb "#2a7f3f" title "good: right", \
	"" using 1:10 with lines linewidth 2 linecolor rgb "#1f4e9c" title "limited to 20/s: right", \
	"" using 1:13 with lines linewidth 2 linecolor rgb "#d08000" title "broken or dead: right", \
	"" using 1:14 with lines linewidth 2 dashtype 2 linecolor rgb "#d08000" title "broken or dead: SERVFAIL", \
	"" using 1:(\$8 + \$11) with lines linewidth 2 linecolor rgb "#b02020" title "others: SERVFAIL"
set offsets 0, 0, graph 0.3, 0
set logscale y
set yrange [0.5:*]
set title "milliseconds until a question for CAA in a good zone is answered" offset 0,-0.6
plot "$1.drawn" using 1:(\$4 > 1 ? \$4 : 1) with lines linewidth 2 linecolor rgb "#b02020" title "p99", \
	"" using 1:(\$3 > 1 ? \$3 : 1) with lines linewidth 2 linecolor rgb "#2a7f3f" title "p50"
unset logscale y
set yrange [0:*]
set y2range [0:*]
set ytics nomirror
set y2tics
set key bottom right
set title "memory that the resolver has in use in MB (left), and questions of all types that wait (right)" offset 0,-0.6
set xlabel "minutes"
plot "$1.drawn" using 1:2 with lines linewidth 2 linecolor rgb "#1f4e9c" title "MB", \
	"" using 1:5 axes x1y2 with lines linewidth 2 linecolor rgb "#808080" title "waiting"
unset multiplot
END
	echo "drawn: $2 ($(stat -c %s "$2") octets)"
}
