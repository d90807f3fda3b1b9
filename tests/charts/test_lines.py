from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuimon.charts.grid import CellGrid, rows
from tuimon.charts.layout import columns_wanted, plot_area
from tuimon.charts.lines import Line, draw_lines, value_range
from tuimon.charts.marks import Mark, MarkKind
from tuimon.charts.scales import LINEAR, LOG, SYMLOG, Limits, Scale
from tuimon.charts.style import Glyphs, Style
from tuimon.core.columns import Columns

Fold = Callable[..., Columns]
BRAILLE_ROWS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))

any_float = st.floats(allow_nan=True, allow_infinity=True, width=64)
glyph_sets: st.SearchStrategy[Glyphs] = st.sampled_from(["braille", "ascii"])
scales = st.sampled_from([LINEAR, LOG, SYMLOG])


def dots_of(grid: CellGrid, size: tuple[int, int], glyphs: Glyphs = "braille") -> npt.NDArray[np.bool_]:
    """Read the dots of the plot back from its characters, one by one."""
    area = plot_area(size, glyphs)
    dots = np.zeros((area.dot_rows, area.dot_columns), dtype=np.bool_)
    for row in range(area.height):
        for cell in range(area.width):
            code = int(grid.chars[row, area.left + cell])
            if grid.styles[row, area.left + cell] == Style.GRID:
                continue
            if glyphs == "ascii":
                dots[2 * row, cell] = chr(code) in "':"
                dots[2 * row + 1, cell] = chr(code) in ".:"
            elif 0x2800 <= code <= 0x28FF:
                for y, bits in enumerate(BRAILLE_ROWS):
                    for x, bit in enumerate(bits):
                        dots[4 * row + y, 2 * cell + x] = bool(code & bit)
    return dots


def test_a_constant_series_runs_through_the_middle(fold: Fold) -> None:
    size = (8, 40)
    columns = fold(np.arange(100.0), np.full(100, 0.5), (0, 99), columns_wanted(size))
    dots = dots_of(draw_lines([Line(columns)], size, (0, 99)), size)
    inked_rows = np.flatnonzero(dots.any(axis=1)).tolist()
    assert inked_rows == [12]
    assert dots[12].all()


def test_one_point_is_two_by_two_dots(fold: Fold) -> None:
    size = (8, 40)
    columns = fold(np.array([5.0]), np.array([7.0]), (0, 10), columns_wanted(size))
    assert dots_of(draw_lines([Line(columns)], size, (0, 10)), size).sum() == 4


def has_no_holes(dots: npt.NDArray[np.bool_]) -> bool:
    """Whether the ink of each inked column touches that of the next one, at least at a corner."""
    inked = np.flatnonzero(dots.any(axis=0))
    top, bottom = dots.argmax(axis=0), len(dots) - 1 - dots[::-1].argmax(axis=0)
    return all(
        right == left + 1 and max(top[left], top[right]) - min(bottom[left], bottom[right]) <= 1
        for left, right in pairwise(inked.tolist())
    )


def test_three_points_are_a_polyline_without_holes(fold: Fold) -> None:
    size, limits = (12, 60), (0.0, 10.0)
    columns = fold(np.array([1.0, 5, 9]), np.array([9.0, 1, 5]), limits, columns_wanted(size))
    dots = dots_of(draw_lines([Line(columns)], size, limits, (0, 10)), size)
    assert has_no_holes(dots)
    assert dots.sum(axis=0).max() <= 2, "a gentle slope stays thin"


@settings(max_examples=60)
@given(st.lists(st.floats(-100, 100), min_size=2, max_size=120), glyph_sets)
def test_no_line_has_holes(fold: Fold, values: list[float], glyphs: Glyphs) -> None:
    size, limits = (9, 47), (0.0, float(len(values)))
    columns = fold(np.arange(len(values)), np.array(values), limits, columns_wanted(size, glyphs))
    grid = draw_lines([Line(columns)], size, limits, (-100, 100), glyphs=glyphs)
    assert has_no_holes(dots_of(grid, size, glyphs))


def test_a_spike_among_ten_million_points_shows(fold: Fold) -> None:
    size, limits = (20, 80), (0.0, 1e7)
    steps = np.arange(10_000_000, dtype=np.float64)
    values = np.full(len(steps), 2.0)
    values[6_543_210] = 9.0
    values[1_234_567] = math.nan
    columns = fold(steps, values, limits, columns_wanted(size))
    grid = draw_lines([Line(columns)], size, limits, (0, 10))
    area = plot_area(size)
    dots = dots_of(grid, size)
    spike = int(0.6543210 * area.dot_columns)
    assert dots[round(0.1 * (area.dot_rows - 1)), spike]
    assert dots[:40].any(axis=0).sum() == 1
    cell = area.cell_at(0.1234567)
    assert rows(grid)[area.foot_row][cell] == "×"
    assert grid.styles[area.foot_row, cell] == Style.NONFINITE


@settings(max_examples=60)
@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300),
    size=st.tuples(st.integers(4, 14), st.integers(17, 60)),
    glyphs=glyph_sets,
    scale=scales,
)
def test_the_extremes_of_every_column_are_inked(
    fold: Fold, values: list[float], size: tuple[int, int], glyphs: Glyphs, scale: Scale
) -> None:
    limits = (0.0, float(len(values)))
    area = plot_area(size, glyphs)
    columns = fold(np.arange(len(values), dtype=np.float64), np.array(values), limits, area.dot_columns)
    y_limits = scale.usable((min(values), max(values)))
    dots = dots_of(
        draw_lines([Line(columns)], size, limits, y_limits, y_scale=scale, glyphs=glyphs), size, glyphs
    )
    for extreme in (columns.lo, columns.hi):
        at = np.rint((1 - scale.fractions(extreme, y_limits)) * (area.dot_rows - 1)).clip(
            0, area.dot_rows - 1
        )
        shown = np.flatnonzero(np.isfinite(at))
        assert dots[at[shown].astype(int), shown].all()


def test_a_gap_breaks_the_line_and_is_marked(fold: Fold) -> None:
    size = (10, 47)
    wanted = columns_wanted(size)
    values = np.full(wanted, 1.0)
    values[30:40] = math.nan
    grid = draw_lines([Line(fold(np.arange(wanted), values, (0, wanted), wanted))], size, (0, wanted))
    dots = dots_of(grid, size)
    assert not dots[:, 30:40].any()
    assert dots[:, :30].any(axis=0).all()
    assert dots[:, 40:].any(axis=0).all()
    assert rows(grid)[8].count("×") == 5


def test_columns_without_points_do_not_break_the_line(fold: Fold) -> None:
    size = (10, 47)
    wanted = columns_wanted(size)
    steps = np.array([*range(20), *range(60, wanted)], dtype=np.float64)
    columns = fold(steps, np.full(len(steps), 3.0), (0, wanted), wanted)
    assert dots_of(draw_lines([Line(columns)], size, (0, wanted)), size).any(axis=0).all()


def test_values_outside_of_the_limits_stay_at_the_edge(fold: Fold) -> None:
    size = (8, 47)
    wanted = columns_wanted(size)
    values = np.full(wanted, 0.5)
    values[10], values[20], values[30] = 1e300, -1e300, 1.2
    columns = fold(np.arange(wanted), values, (0, wanted), wanted)
    dots = dots_of(draw_lines([Line(columns)], size, (0, wanted), (0, 1)), size)
    assert dots[0, [10, 30]].all()
    assert dots[-1, 20]


def test_more_or_fewer_columns_than_dots_are_drawn_too(fold: Fold) -> None:
    size, limits = (10, 47), (0.0, 1000.0)
    values = np.zeros(1000)
    values[777], values[355] = 5, math.nan
    fine = fold(np.arange(1000.0), values, limits, 1000)
    grid = draw_lines([Line(fine)], size, limits, (0, 10))
    assert rows(grid)[8][plot_area(size).cell_at(0.355)] == "×"
    dots = dots_of(grid, size)
    assert np.flatnonzero(dots[:20].any(axis=0)).tolist() == [int(0.777 * columns_wanted(size))]
    coarse = fold(np.arange(1000.0), values, limits, 10)
    dots = dots_of(draw_lines([Line(coarse)], size, limits, (0, 10)), size)
    assert dots[:, 4:-4].any(axis=0).all()


def test_the_foreground_has_the_style_and_raw_lies_behind(fold: Fold) -> None:
    size, limits = (12, 47), (0.0, 80.0)
    flat = fold(np.arange(80.0), np.full(80, 5.0), limits, columns_wanted(size))
    noisy = fold(np.arange(80.0), 5 + 4 * np.cos(np.arange(80.0)), limits, columns_wanted(size))
    lines = [Line(flat, Style.SERIES_1, raw=noisy), Line(noisy, Style.SERIES_2)]
    grid = draw_lines(lines[:1], size, limits, (0, 10))
    assert set(np.unique(grid.styles[:10, 7:])) == {0, Style.GRID, Style.SERIES_1, Style.RAW_1}
    middle = grid.styles[5, 7:]
    assert (middle == Style.SERIES_1).all()
    grid = draw_lines(lines, size, limits, (0, 10))
    assert (grid.styles[:10, 7:] == Style.SERIES_2).sum() > (grid.styles[:10, 7:] == Style.RAW_1).sum()


def test_a_smoothed_line_is_not_thickened_by_its_raw_points(fold: Fold) -> None:
    size, limits = (12, 47), (0.0, 80.0)
    flat = fold(np.arange(80.0), np.full(80, 5.0), limits, columns_wanted(size))
    noisy = fold(np.arange(80.0), 5 + 4 * np.cos(np.arange(80.0)), limits, columns_wanted(size))
    grid = draw_lines([Line(flat, raw=noisy)], size, limits, (0, 10))
    alone = draw_lines([Line(flat)], size, limits, (0, 10))
    assert grid.chars[5, 7:].tolist() == alone.chars[5, 7:].tolist()


def test_every_line_of_many_ends_in_its_key(fold: Fold) -> None:
    size, limits = (16, 60), (0.0, 100.0)
    lines = []
    for index in range(4):
        columns = fold(np.arange(100.0), np.full(100, float(index)), limits, columns_wanted(size))
        lines.append(Line(columns, Style.SERIES_1 + index, key=str(index), name=f"run {index}"))
    text = "".join(rows(draw_lines(lines, size, limits))[:14])
    plot_only = "".join(row[7:] for row in rows(draw_lines(lines, size, limits))[:14])
    assert [plot_only.count(str(index)) for index in range(4)] == [1, 1, 1, 1], text


@pytest.mark.parametrize(
    ("kind", "glyph", "row"),
    [
        ("event", "*", 10),
        ("checkpoint", "c", 10),
        ("evaluation", "e", 10),
        ("restart", "r", 10),
        ("finding_warning", "!", 0),
        ("finding_critical", "!", 0),
        ("cursor", "^", 10),
    ],
)
@pytest.mark.parametrize("glyphs", ["braille", "ascii"])
def test_each_mark_has_a_sign_of_its_own(kind: MarkKind, glyph: str, row: int, glyphs: Glyphs) -> None:
    grid = draw_lines([], (12, 47), (0, 10), marks=[Mark(1, kind), Mark(11, kind)], glyphs=glyphs)
    marked = grid.styles == grid.styles[row, 11]
    assert chr(grid.chars[row, 11]) == glyph
    assert marked[:, 11].sum() == (
        1 if kind in {"event", "checkpoint", "evaluation", "finding_warning"} else marked[:, 11].sum()
    )
    assert not np.delete(marked, 11, axis=1).any() or kind == "event"
    bar = "".join(chr(character) for character in grid.chars[1:10, 11])
    assert (bar.strip() != "") == (kind in {"restart", "finding_critical", "cursor"})


def test_labels_of_marks_replace_tick_labels_and_no_number_is_cut(fold: Fold) -> None:
    size, limits = (10, 60), (0.0, 1000.0)
    marks = [Mark(500, "restart", "重启2"), Mark(505, "restart", "r3")]
    last = rows(draw_lines([], size, limits, marks=marks))[-1]
    assert "r3" in last
    assert "重启2" not in last
    assert last.split() == ["0", "200", "400", "r3", "600", "800", "1000"]
    values = np.full(1000, 1.0)
    values[::50] = math.nan
    low = (6, 60)
    columns = fold(np.arange(1000.0), values, limits, columns_wanted(low))
    last = rows(draw_lines([Line(columns)], low, limits, marks=[Mark(500, "restart", "r2")]))[-1]
    assert "×" in last
    assert all(
        word in {"0", "200", "400", "600", "800", "1000"}
        for word in last.replace("×", " ").replace("r2", " ").split()
    )


def test_x_labels_come_from_the_caller() -> None:
    size = (10, 60)
    named = rows(draw_lines([], size, (0, 100), x_tick_labels=lambda x: f"<{x:g}>"))
    assert named[-1].split() == ["<0>", "<20>", "<40>", "<60>", "<80>", "<100>"]
    given_ticks = [(0.0, "30"), (40.0, "10"), (99.0, "20"), (200.0, "no"), (math.nan, "no")]
    assert rows(draw_lines([], size, (0, 100), x_tick_labels=given_ticks))[-1].split() == ["30", "10", "20"]


def test_no_points_is_said_and_no_scale_is_invented(fold: Fold) -> None:
    columns = fold(np.zeros(0), np.zeros(0), (0, 1), 66)
    text = rows(draw_lines([Line(columns)], (8, 40), (0, 1)))
    assert any("no points" in line for line in text)
    assert not any(character.isdigit() for line in text[:-1] for character in line)
    only_nan = fold(np.array([0.5]), np.array([math.nan]), (0, 1), 66)
    text = rows(draw_lines([Line(only_nan)], (8, 40), (0, 1)))
    assert "×" in text[6]
    assert "no finite points" in "".join(text)
    negative = fold(np.array([0.5]), np.array([-1.0]), (0, 1), 66)
    text = rows(draw_lines([Line(negative)], (8, 40), (0, 1), y_scale=LOG))
    assert "v" in text[6]
    assert "no points above zero" in "".join(text)


def test_value_range_is_what_the_scale_can_show(fold: Fold) -> None:
    columns = fold(np.arange(4.0), np.array([-3.0, 0, 2, math.inf]), (0, 4), 4)
    assert value_range([Line(columns)]) == (-3, 2)
    assert value_range([Line(columns)], LOG) == (2, 2)
    assert value_range([]) is None


def test_the_cursor_can_be_placed_by_cell() -> None:
    area = plot_area((12, 47))
    for cell in range(area.left, area.left + area.width):
        assert area.cell_at(area.fraction_at(cell)) == cell
    assert columns_wanted((12, 47)) == 80
    assert columns_wanted((12, 47), "ascii") == 40
    assert columns_wanted((0, -3)) == 0


@settings(max_examples=150)
@given(
    points=st.lists(st.tuples(any_float, any_float), max_size=40),
    size=st.tuples(st.integers(-1, 12), st.integers(-1, 50)),
    x_limits=st.tuples(any_float, any_float),
    y_limits=st.none() | st.tuples(any_float, any_float),
    y_scale=scales,
    glyphs=glyph_sets,
    mark_x=any_float,
    label=st.text(max_size=5),
)
def test_any_input_gives_a_picture(
    *,
    fold: Fold,
    points: list[tuple[float, float]],
    size: tuple[int, int],
    x_limits: Limits,
    y_limits: Limits | None,
    y_scale: Scale,
    glyphs: Glyphs,
    mark_x: float,
    label: str,
) -> None:
    xs = np.sort(
        np.nan_to_num(np.array([x for x, _ in points], dtype=np.float64), posinf=1e300, neginf=-1e300)
    )
    values = np.array([value for _, value in points], dtype=np.float64)
    with np.errstate(all="ignore"):
        columns = fold(xs / 2, values, (float(xs[0]) / 2, float(xs[-1]) / 2) if len(xs) else (0, 1), 30)
    line = Line(columns, raw=columns, key=label, name=label)
    kinds: list[MarkKind] = ["event", "checkpoint", "evaluation", "restart", "finding_critical", "cursor"]
    grid = draw_lines(
        [line, replace(line, raw=None, style=Style.SERIES_2)],
        size,
        x_limits,
        y_limits,
        y_scale=y_scale,
        glyphs=glyphs,
        marks=[Mark(mark_x, kind, label) for kind in kinds],
    )
    assert grid.chars.shape == grid.styles.shape == (max(size[0], 0), max(size[1], 0))
    text = "".join(rows(grid))
    assert glyphs == "braille" or all(" " <= character <= "~" for character in text)
