from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.logged import START
from tuimon.store.column import BLOCK, Column, Element
from tuimon.store.packing import Arrived, PackedColumn

INT64 = st.integers(-(2**63), 2**63 - 1)


@st.composite
def any_integers(draw: st.DrawFn) -> npt.NDArray[np.int64]:
    """Progressions, jitter of every width, jumps, and noise over all of int64; up to a few blocks."""
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    parts = []
    for _ in range(draw(st.integers(0, 4))):
        count = draw(st.integers(1, 2 * BLOCK))
        first, stride = draw(INT64), draw(st.integers(-9, 9))
        jitter = draw(st.sampled_from([0, 1, 127, 128, 32_768, 2**31, 2**62]))
        beside = rng.integers(-jitter, jitter, count, endpoint=True)
        parts.append(np.int64(first) + stride * np.arange(count) + beside)
    return np.concatenate([np.empty(0, np.int64), *parts])


def packed(elements: npt.NDArray[Element], portions: int = 1) -> Column[Element]:
    column: PackedColumn[Element] = PackedColumn(elements.dtype)
    for part in np.array_split(elements, portions):
        column.extend(part)
    return column.view()


@given(elements=any_integers(), portions=st.integers(1, 9), draw=st.data())
def test_a_column_gives_back_every_bit(
    elements: npt.NDArray[np.int64], portions: int, draw: st.DataObject
) -> None:
    whole: tuple[npt.NDArray[Any], ...] = (elements, elements.view(np.float64))
    for wanted in whole:
        column: Column[Any] = packed(wanted, portions)
        assert len(column) == len(wanted)
        assert np.asarray(column).tobytes() == wanted.tobytes()
        assert column.dtype == wanted.dtype
        start, stop = sorted(draw.draw(st.tuples(*[st.integers(0, len(wanted))] * 2)))
        assert column[start:stop].tobytes() == wanted[start:stop].tobytes()
        part = column.part(start, stop)
        assert np.asarray(part).tobytes() == wanted[start:stop].tobytes()
        index = np.array(draw.draw(st.lists(st.integers(0, len(wanted) - 1)) if len(wanted) else st.just([])))
        index = index.astype(np.int64)
        assert column[index].tobytes() == wanted[index].tobytes()
        for one in index[:5].tolist():
            assert column[one].tobytes() == wanted[one].tobytes()
            assert column[one - len(wanted)].tobytes() == wanted[one].tobytes()
        for found, plain in ((column, wanted), (part, wanted[start:stop])):
            known = np.isfinite(plain)
            falls = (plain[1:] < plain[:-1]) | (known[1:] != known[:-1])
            assert found.falls.tolist() == (np.flatnonzero(falls) + 1).tolist()
            assert found.known == np.count_nonzero(known)


@given(elements=any_integers(), targets=st.lists(INT64, max_size=4), draw=st.data())
def test_a_search_finds_what_it_finds_in_an_array(
    elements: npt.NDArray[np.int64], targets: list[int], draw: st.DataObject
) -> None:
    ascending = np.sort(elements)
    near = draw.draw(st.lists(st.sampled_from(ascending.tolist()), max_size=4)) if len(ascending) else []
    wanted = np.array([*targets, *near], np.int64)
    start, stop = sorted(draw.draw(st.tuples(*[st.integers(0, len(elements))] * 2)))
    column = packed(ascending).part(start, stop)
    for _ in range(2):
        assert column.searchsorted(wanted).tolist() == ascending[start:stop].searchsorted(wanted).tolist()
        right = np.searchsorted(column, wanted, side="right")
        assert right.tolist() == ascending[start:stop].searchsorted(wanted, side="right").tolist()
        right[:] = -1  # an answer is the asker's own


def test_a_progression_takes_next_to_nothing_and_a_clock_half_of_a_double() -> None:
    count = 100_000
    times = START + np.cumsum(np.random.default_rng(0).gamma(50, 0.01, count))
    assert packed(np.arange(count) * 10).nbytes < 0.15 * count
    assert packed(times).nbytes < 4.2 * count
    assert packed(np.full(count, np.nan)).nbytes < 0.15 * count


def test_a_column_is_an_array_to_numpy() -> None:
    column = packed(np.arange(10) * 2)
    assert (column - 1).tolist() == list(range(-1, 19, 2))
    assert (np.ones(10) + column).tolist() == list(range(1, 21, 2))
    assert np.flatnonzero(column >= 16).tolist() == [8, 9]
    assert np.diff(column).tolist() == [2] * 9
    assert column[::-3].tolist() == [18, 12, 6, 0]
    assert column[column > 12].tolist() == [14, 16, 18]
    with pytest.raises(IndexError):
        column[np.array([10])]
    with pytest.raises(IndexError):
        column[-11]
    with pytest.raises(ValueError, match="read-only"):
        column[:5][0] = 1


@given(draw=st.data())
def test_columns_that_part_keep_what_they_had(draw: st.DataObject) -> None:
    held: list[list[int]] = [[] for _ in range(4)]
    root: PackedColumn[np.int64] = PackedColumn(np.int64)
    columns = [root] * len(held)
    views: list[tuple[Column[np.int64], list[int]]] = []
    arrived: Arrived = {}
    for _ in range(draw.draw(st.integers(1, 12))):
        which = draw.draw(st.integers(0, len(held) - 1))
        count = draw.draw(st.sampled_from([1, 2, 3, BLOCK, 2 * BLOCK + 1]))
        first = draw.draw(st.sampled_from([len(held[which]), 0]))
        more = np.arange(first, first + count)
        if draw.draw(st.booleans()):  # what came before is forgotten after each read
            arrived.clear()
        columns[which] = columns[which].joined(len(held[which]), more, arrived)
        held[which] += more.tolist()
        for column, wanted in zip(columns, held, strict=True):
            assert column.view().part(0, len(wanted)).tolist() == wanted
        views.append((columns[which].view().part(0, len(held[which])), list(held[which])))
    for view, wanted in views:
        assert view.tolist() == wanted


def test_columns_that_part_in_the_same_way_are_still_one() -> None:
    column: PackedColumn[np.int64] = PackedColumn(np.int64)
    column.extend(np.arange(10))
    arrived: Arrived = {}
    other = column.joined(8, np.array([3, 4]), arrived)
    assert other is not column
    assert column.joined(8, np.array([3]), arrived) is other
    assert column.joined(8, np.array([3, 4, 5]), arrived) is other
    assert other.view().tolist() == [*range(8), 3, 4, 5]
    assert column.joined(8, np.array([8, 9, 10]), arrived) is column
    assert column.view().tolist() == list(range(11))


@pytest.mark.parametrize("sizes", [[5], [BLOCK], [BLOCK - 1, 1, BLOCK], [3 * BLOCK + 7, 1]])
def test_views_of_a_growing_column_stay_as_they_were(sizes: list[int]) -> None:
    column: PackedColumn[np.float64] = PackedColumn(np.float64)
    views = [column.view()]
    times = START + np.arange(sum(sizes)) / 7
    for start, stop in pairwise(np.cumsum([0, *sizes]).tolist()):
        column.extend(times[start:stop])
        views.append(column.view())
    for view in views:
        assert view.tolist() == times[: len(view)].tolist()
