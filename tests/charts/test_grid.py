from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimon.charts.grid import CellGrid, blank, in_ascii, rows, runs, text_at, text_width
from tuimon.charts.style import Style, raw_style, series_style


def written(width: int, col: int, text: str) -> str:
    grid = blank(1, width)
    text_at(grid, 0, col, text)
    return rows(grid)[0]


def test_text_is_clipped_on_all_sides() -> None:
    assert written(6, 2, "abcdef") == "  abcd"
    assert written(6, -2, "abcdef") == "cdef  "
    assert written(6, 9, "abc") == "      "
    grid = blank(2, 3)
    text_at(grid, 2, 0, "no")
    text_at(grid, -1, 0, "no")
    assert rows(grid) == ["   ", "   "]


def test_wide_characters_take_two_cells_and_half_of_one_becomes_a_space() -> None:
    grid = blank(1, 6)
    text_at(grid, 0, 0, "损失x", Style.LABEL)
    assert grid.chars[0].tolist() == [ord("损"), 0, ord("失"), 0, ord("x"), 32]
    assert rows(grid) == ["损失x "]
    assert written(3, 0, "损失") == "损 "
    assert written(3, -1, "损失") == " 失"


def test_writing_over_half_of_a_wide_character_clears_the_other_half() -> None:
    grid = blank(1, 4)
    text_at(grid, 0, 0, "损失")
    text_at(grid, 0, 1, "ab")
    assert rows(grid) == [" ab "]


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\r\n\x07", "\u202egnp", "\x9b31m", "\ud800", "\u2028"])
def test_what_could_drive_the_terminal_is_replaced_visibly(hostile: str) -> None:
    shown = written(12, 0, hostile)
    assert "\ufffd" in shown
    assert shown.isprintable()


def test_combining_marks_compose_or_vanish_and_joiners_vanish() -> None:
    assert written(3, 0, "e\u0301x").rstrip() == "éx"
    assert text_width("x\u0324\u20ddy\ufe0fz") == 3


def test_ascii_replaces_both_cells_of_a_wide_character() -> None:
    grid = blank(1, 5)
    text_at(grid, 0, 0, "a损×")
    assert rows(in_ascii(grid)) == ["a??? "]


def test_runs_join_blanks_to_their_neighbours() -> None:
    grid = blank(3, 8)
    text_at(grid, 0, 1, "ab", Style.SERIES_1)
    text_at(grid, 0, 5, "cd", Style.SERIES_1)
    text_at(grid, 2, 0, "损", Style.AXIS)
    text_at(grid, 2, 4, "x", Style.BAD)
    assert runs(grid) == [
        [(" ab  cd ", Style.SERIES_1)],
        [(" " * 8, Style.DEFAULT)],
        [("损  ", Style.AXIS), ("x   ", Style.BAD)],
    ]


@given(
    st.integers(-2, 6), st.integers(-2, 20), st.lists(st.tuples(st.text(), st.integers(-4, 20)), max_size=6)
)
def test_runs_and_rows_agree_and_keep_every_inked_style(
    height: int, width: int, texts: list[tuple[str, int]]
) -> None:
    grid = blank(height, width)
    for index, (text, col) in enumerate(texts):
        text_at(grid, index % max(height, 1), col, text, index + 1)
    assert ["".join(text for text, _ in row) for row in runs(grid)] == rows(grid)
    for row, spans in enumerate(runs(grid)):
        cells = [style for text, style in spans for _ in range(text_width(text))]
        assert len(cells) == grid.width
        inked = grid.chars[row] != ord(" ")
        assert np.array(cells, dtype=np.uint8)[inked].tolist() == grid.styles[row][inked].tolist()


def test_an_impossible_code_point_does_not_stop_the_screen() -> None:
    grid = CellGrid(np.array([[0xFFFFFFFF, ord("a")]], dtype=np.uint32), np.zeros((1, 2), dtype=np.uint8))
    assert rows(grid) == ["\ufffda"]


def test_series_styles_repeat_and_have_a_dim_form() -> None:
    assert series_style(0) == Style.SERIES_1
    assert series_style(8) == Style.SERIES_1
    assert raw_style(Style.SERIES_3) == Style.RAW_3
    assert raw_style(Style.GOOD) == Style.DIM
