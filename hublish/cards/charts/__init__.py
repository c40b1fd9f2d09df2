"""Charts: from values to SVG text, without a plotting library.

The same values give the same bytes on every Python and every machine. Three rules keep it so: sums use integers or
`math.fsum` (the built-in `sum` of floats changed in Python 3.12), logarithms use `decimal` (the C library's differ in
the last digit), and widths of text come from a table (`unicodedata` changes with Python).

drawing.py        a finished picture, its colors and elements, and the HTML that shows it
text_widths.py    the width of text, and text that fits
scales.py         from values to positions, with round numbers on the axes
line_chart.py     curves over steps or epochs
bar_chart.py      horizontal bars in groups
thinning.py       long series with fewer points and the same shape
release_charts.py the pictures of a release: training, evaluation, tensors and splits
"""
