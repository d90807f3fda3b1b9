"""Rows have exactly the width that was asked for, whatever the text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tuimon.core.text import cell_width, clean
from tuimon.tui.ink import Ink
from tuimon.tui.rows import PLAIN, ROUND, Row, columns_row, fit, framed, row_width, spread, text_row, wrapped

EAST_ASIAN = st.text("损失学習率손실ｱＡ한ﾊ　，。、abc 12é", max_size=30)
ROWS = st.lists(st.tuples(EAST_ASIAN, st.sampled_from([Ink.TEXT, Ink.MUTED, Ink.RED])), max_size=6).map(tuple)


def shown(row: Row) -> str:
    return "".join(text for text, _ in row)


def cells(row: Row) -> int:
    """The width as Textual will count it."""
    return cell_len(shown(row))


@settings(max_examples=200)
@given(ROWS, st.integers(0, 40))
def test_fit_is_exact(row: Row, width: int) -> None:
    assert cells(fit(row, width)) == row_width(fit(row, width)) == width


@settings(max_examples=200)
@given(ROWS, ROWS, st.integers(1, 60))
def test_spread_is_exact(left: Row, right: Row, width: int) -> None:
    assert cells(spread(left, right, width)) == width


@settings(max_examples=200)
@given(
    st.lists(ROWS, max_size=6),
    st.integers(0, 60),
    st.integers(0, 9),
    ROWS,
    ROWS,
    st.sampled_from([ROUND, PLAIN]),
)
def test_framed_is_exact(
    rows: list[Row], width: int, height: int, title: Row, right_title: Row, frame: object
) -> None:
    assert frame in (ROUND, PLAIN)
    picture = framed(
        rows, width, height, title, right_title=right_title, frame=PLAIN if frame is PLAIN else ROUND
    )
    assert len(picture) == height
    assert [cells(row) for row in picture] == [width] * height


@settings(max_examples=200)
@given(st.lists(st.tuples(EAST_ASIAN, st.integers(-12, 12).filter(bool), st.just(0)), min_size=1, max_size=5))
def test_table_cells_are_exact(columns: list[tuple[str, int, int]]) -> None:
    row = columns_row(columns)
    assert cells(row) == sum(abs(width) for _, width, _ in columns) + len(columns) - 1


@settings(max_examples=200)
@given(st.text("损失 abc def-ghi 学習", max_size=80), st.integers(4, 30))
def test_wrapped_lines_fit_and_lose_no_word(text: str, width: int) -> None:
    lines = wrapped(text, width, indent="  ")
    assert all(cell_width(line) <= width for line in lines)
    if all(cell_width(word) <= width - 2 for word in text.split()):
        assert " ".join(lines).split() == text.split()


def test_letters_are_as_wide_as_textual_takes_them_to_be() -> None:
    blocks = (range(0x20, 0x2000), range(0x3001, 0xD800), range(0xF900, 0xFB00), range(0xFF01, 0xFFA0))
    letters = [
        chr(point) for block in blocks for point in block if unicodedata.category(chr(point))[0] in "LMNP"
    ]
    assert len(letters) > 40_000
    assert [letter for letter in letters if cell_width(clean(letter)) != cell_len(clean(letter))] == []


def test_what_does_not_fit_is_cut_visibly() -> None:
    assert shown(fit(text_row("train/loss"), 8)) == "train/l~"
    assert shown(fit(text_row("损失函数"), 6)) == "损失~ "
    assert shown(fit(text_row("损失"), 1)) == "~"
    assert shown(fit(text_row("loss"), 0)) == ""


def test_inks_stay_with_their_text() -> None:
    row = fit((("ab", Ink.RED), ("cdef", Ink.BLUE)), 4)
    assert row == (("ab", Ink.RED), ("c~", Ink.BLUE))


def test_spread_keeps_the_left_when_both_do_not_fit() -> None:
    assert shown(spread(text_row("left"), text_row("right"), 12)) == "left   right"
    assert shown(spread(text_row("left"), text_row("right"), 9)) == "left     "


def test_a_frame_says_its_title_and_drops_the_right_one_first() -> None:
    rows = framed([text_row("x")], 20, 3, text_row("Runs"), right_title=text_row("sort"))
    assert [shown(row) for row in rows] == [
        "╭─ Runs ──── sort ─╮",
        "│x                 │",
        "╰──────────────────╯",
    ]
    assert shown(framed([], 14, 2, text_row("Runs"), right_title=text_row("sort"))[0]) == "╭─ Runs ─────╮"
    assert shown(framed([], 12, 2, text_row("Diagnosis"), frame=PLAIN)[0]) == "+- Diagno~-+"


def test_the_focused_frame_has_another_ink() -> None:
    plain, focused = (framed([], 8, 3, (), focused=focus) for focus in (False, True))
    assert {ink for row in plain for text, ink in row if text.strip()} == {Ink.FRAME}
    assert {ink for row in focused for text, ink in row if text.strip()} == {Ink.FRAME_FOCUSED}


@pytest.mark.parametrize("character", ["é", "e\u0301", "字", "ﾊ", "한", "☃", "🔥", "ก็", "\u1100\u1161"])
def test_what_people_write_is_measured_as_textual_measures_it(character: str) -> None:
    assert cell_width(clean(character)) == cell_len(clean(character))
