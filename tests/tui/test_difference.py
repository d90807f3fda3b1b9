"""A board sends the cells that differ, and every one of them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tuimon.tui.rows import Row, fit
from tuimon.tui.widgets.difference import changed_cells

PARTS = st.tuples(st.text("ab 损失é", max_size=6), st.integers(0, 3))
ROWS = st.lists(PARTS, max_size=6).map(lambda parts: fit(parts, 16))


def cells(row: Row) -> list[tuple[str, int]]:
    """Each cell's character and ink; the second cell of a wide character has none."""
    return [
        cell
        for text, ink in row
        for character in text
        for cell in ((character, ink), ("", ink))[: 2 if character in "损失" else 1]
    ]


@settings(max_examples=400)
@given(ROWS, ROWS)
def test_outside_of_the_difference_both_rows_look_the_same(old: Row, new: Row) -> None:
    start, stop = changed_cells(old, new)
    before, after = cells(old), cells(new)
    assert len(before) == len(after) == 16
    assert 0 <= start < stop <= 16 or old == new
    assert before[:start] == after[:start]
    assert before[stop:] == after[stop:]


def test_one_changed_figure_is_a_difference_of_its_own_cells() -> None:
    old: Row = (("loss ", 1), ("1.832", 2), (" eval 1.9", 1))
    new: Row = (("loss ", 1), ("1.831", 2), (" eval 1.9", 1))
    assert changed_cells(old, new) == (9, 10)


def test_another_ink_is_achanged_cells() -> None:
    assert changed_cells((("ab", 1), ("cd", 1)), (("ab", 1), ("cd", 2))) == (2, 4)
