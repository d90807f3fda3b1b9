from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimon.charts.bars import gauge, level_style, progress_bar
from tuimon.charts.grid import CellGrid, rows
from tuimon.charts.histogram import draw_histogram
from tuimon.charts.sparkline import sparkline
from tuimon.charts.style import Glyphs, Style
from tuimon.core.columns import Columns

any_float = st.floats(allow_nan=True, allow_infinity=True, width=64)
glyph_sets: st.SearchStrategy[Glyphs] = st.sampled_from(["braille", "ascii"])


def text(grid: CellGrid) -> str:
    (row,) = rows(grid)
    return row


def test_a_sparkline_shows_one_value_per_cell() -> None:
    assert text(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)) == "▁▂▃▄▅▆▇█"
    assert text(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8, "ascii")) == ".:-=+*#@"
    assert text(sparkline([50, 100], 4, limits=(0, 100))) == "  ▅█"
    assert text(sparkline([3.0, 3.0], 2)) == "▄▄"
    assert text(sparkline([], 3)) == "   "


def test_a_missing_value_is_marked_in_its_cell() -> None:
    grid = sparkline([0, None, math.nan, math.inf, 7], 5)
    assert text(grid) == "▁×××█"
    assert grid.styles[0].tolist() == [Style.SERIES_1, *[Style.NONFINITE] * 3, Style.SERIES_1]
    assert text(sparkline([1, math.nan], 2, "ascii")) == "=x"
    assert text(sparkline([math.nan] * 9, 3)) == "×××"


def test_neither_spike_nor_dip_nor_nan_is_lost_in_a_folded_sparkline() -> None:
    values = np.full(1000, 50.0)
    values[333], values[666], values[901] = 100, 0, math.nan
    assert text(sparkline(values, 10, limits=(0, 100))) == "▅▅▅█▅▅▁▅▅×"


def test_columns_without_points_stay_blank_and_few_columns_are_spread(fold: Callable[..., Columns]) -> None:
    columns = fold(np.array([0.0, 1, 3]), np.array([0.0, 7, 7]), (0, 4), 4)
    assert text(sparkline(columns, 4)) == "▁█ █"
    assert text(sparkline(columns, 8)) == "▁▁██  ██"
    assert text(sparkline(columns, 2)) == "▁█"


@pytest.mark.parametrize(
    ("fraction", "blocks", "plain"),
    [
        (None, "░░░░?░░░░░", "[---?----]"),
        (math.nan, "░░░░?░░░░░", "[---?----]"),
        (0, "░░░░░░░░░░", "[--------]"),
        (-1, "░░░░░░░░░░", "[--------]"),
        (0.001, "▏░░░░░░░░░", "[=-------]"),
        (0.55, "█████▌░░░░", "[====----]"),
        (0.999, "█████████▉", "[=======-]"),
        (1, "██████████", "[========]"),
        (math.inf, "██████████", "[========]"),
    ],
)
def test_gauges(fraction: float | None, blocks: str, plain: str) -> None:
    assert text(gauge(fraction, 10)) == blocks
    assert text(gauge(fraction, 10, "ascii")) == plain


def test_progress_bars_have_a_head_until_they_are_done() -> None:
    assert text(progress_bar(0.416, 22, "ascii")) == "[#######>............]"
    assert text(progress_bar(1.0, 6, "ascii")) == "[####]"
    assert text(progress_bar(None, 7, "ascii")) == "[..?..]"
    assert text(progress_bar(0.5, 4)) == "██░░"


def test_thresholds_choose_the_style_in_both_directions() -> None:
    assert [level_style(f, (0.8, 0.95)) for f in (0.5, 0.8, 0.97)] == [Style.GOOD, Style.WARN, Style.BAD]
    assert [level_style(f, (0.6, 0.5)) for f in (0.9, 0.55, 0.1)] == [Style.GOOD, Style.WARN, Style.BAD]
    assert level_style(None, (0.8, 0.9)) == level_style(math.nan, None) == Style.DIM
    assert gauge(0.97, 4, thresholds=(0.8, 0.95)).styles[0, 0] == Style.BAD
    assert gauge(0.97, 4, style=Style.SERIES_2).styles[0, 0] == Style.SERIES_2


def test_histogram_bars_follow_the_counts() -> None:
    drawn = rows(draw_histogram(np.array([1.0, 4, 8, 2]), np.array([0.0, 1, 2, 3, 4]), (3, 4)))
    assert drawn == ["  █ ", "▂██▄", "0  4"]
    assert rows(draw_histogram(np.array([1.0, 8]), np.array([0.0, 1, 2]), (1, 2), "ascii")) == [".#"]


def test_a_histogram_spreads_uneven_bins_and_shows_single_counts() -> None:
    drawn = rows(draw_histogram(np.array([1.0, 0, 1e6]), np.array([0.0, 2, 4, 8]), (2, 8)))
    assert drawn[0] == "    ████"
    assert drawn[1] == "▁▁  ████"


@given(
    st.lists(any_float, max_size=30),
    st.integers(-2, 12),
    glyph_sets,
    st.none() | st.tuples(any_float, any_float),
)
def test_small_charts_survive_anything(
    values: list[float], width: int, glyphs: Glyphs, limits: tuple[float, float] | None
) -> None:
    grids = [sparkline(values, width, glyphs, limits=limits)]
    for value in [*values[:3], None]:
        grids += [gauge(value, width, glyphs, thresholds=limits), progress_bar(value, width, glyphs)]
    edges = np.array([0.0, *values])
    for shape in ((1, width), (3, width)):
        grids.append(draw_histogram(np.array(values), np.sort(edges), shape, glyphs))
    for grid in grids:
        assert grid.width == max(width, 0)
        assert glyphs == "braille" or all(" " <= character <= "~" for row in rows(grid) for character in row)
