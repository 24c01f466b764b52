# SPDX-License-Identifier: MIT
# Pictures of growth.tsv in the current folder: time.png and memory.png, for tests/bench/growth.
set datafile separator "\t"
set terminal pngcairo size 860,480 font "sans,10"
set logscale xy
set grid
set key outside right
set xrange [9e4:4e7]
set xlabel "blocks"
set format x "10^{%L}"
set format y "%g"

rows(heap, command, column) = sprintf("< awk -F '\\t' '$1 == \"%s\" && $2 == \"%s\" && $4 == \"all\" {print $3 \"\\t\" $%d}' growth.tsv", heap, command, column)
nlogn(x, per_block) = per_block * x * log(x) / log(1e6)

set output "time.png"
set title "Processor time of whole commands, cold"
set ylabel "seconds"
plot for [c in "info bytype byclodo byvia diff"] rows("crafted", c, 5) using 1:2 with linespoints title "C, ".c, \
     for [c in "bytype byvia"] rows("python", c, 5) using 1:2 with linespoints dashtype 2 title "Python, ".c, \
     nlogn(x, 1e-6) with lines dashtype 3 linecolor "grey" title "n log n"

set output "memory.png"
set title "Peak memory"
set ylabel "MB"
plot for [c in "info bytype byclodo byvia diff"] rows("crafted", c, 7) using 1:2 with linespoints title "C, ".c, \
     for [c in "bytype byvia"] rows("python", c, 7) using 1:2 with linespoints dashtype 2 title "Python, ".c, \
     nlogn(x, 100.0 / 2**20) with lines dashtype 3 linecolor "grey" title "n log n"
