"""Heat maps show where the values lie, whatever the bins, and nothing where there is nothing."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tuimon.charts.grid import rows
from tuimon.charts.heatmap import Histogram, draw_heatmap
from tuimon.charts.style import Glyphs

SIZE = (12, 40)
BOTH: tuple[Glyphs, ...] = ("braille", "ascii")


def histogram(x: float, edges: list[float], counts: list[float]) -> Histogram:
    return Histogram(x, np.array(edges, np.float64), np.array(counts, np.float64))


def drawn(*histograms: Histogram) -> list[str]:
    return rows(draw_heatmap(histograms, SIZE, (0.0, 100.0)))


def test_a_distribution_that_moves_upwards_moves_upwards() -> None:
    low = histogram(0, [0, 1, 2], [10, 0])
    high = histogram(50, [8, 9, 10], [0, 10])
    lines = drawn(low, high)
    left, right = [line[10] for line in lines], [line[-5] for line in lines]
    assert left.index("█") > right.index("█")
    assert "█" in left[5:10]
    assert "█" in right[:3]
    assert [line[7:] for line in lines[3:5]] == [" " * 33] * 2


def test_what_is_in_no_bin_is_blank_and_a_single_count_is_not() -> None:
    one = histogram(0, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [1000, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    column = [line[20] for line in drawn(one)][:10]
    assert column[0] == "░"
    assert column[-1] == "█"
    assert set(column[1:-1]) == {" "}


def test_before_the_first_histogram_there_is_nothing() -> None:
    lines = drawn(histogram(60, [0, 1], [1]))
    assert set("".join(line[8:25] for line in lines[:9])) == {" "}
    assert "█" in lines[4]


def test_damaged_histograms_are_left_out() -> None:
    bad = (
        histogram(1, [0, 1], []),
        histogram(1, [0, np.nan], [1]),
        histogram(1, [1, 0], [1]),
        histogram(1, [0, 1], [-1]),
        histogram(1, [0, 1], [0]),
    )
    assert "no histogram here" in "\n".join(drawn(*bad))


numbers = st.floats(-1e300, 1e300) | st.sampled_from([np.nan, np.inf, 0.0])


@given(
    st.lists(st.tuples(numbers, st.lists(numbers, max_size=5), st.lists(numbers, max_size=4)), max_size=4),
    st.integers(0, 20),
    st.integers(0, 60),
    st.sampled_from(BOTH),
)
def test_any_input_gives_a_picture_of_its_size(
    given_histograms: list[tuple[float, list[float], list[float]]], height: int, width: int, glyphs: Glyphs
) -> None:
    histograms = [histogram(x, sorted(edges), counts) for x, edges, counts in given_histograms]
    histograms.sort(key=lambda each: each.x)
    grid = draw_heatmap(
        histograms, (height, width), (0.0, 10.0), glyphs="ascii" if glyphs == "ascii" else "braille"
    )
    assert grid.chars.shape == (height, width)
