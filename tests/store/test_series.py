from __future__ import annotations

import math
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.logged import START, assert_same_columns, batch, series_of
from tuimon.store.axis import Axis
from tuimon.store.column import BLOCK
from tuimon.store.growing import GrowingArray
from tuimon.store.run_store import RunStore
from tuimon.store.series import SeriesView, Statistics

PORTIONS = st.lists(
    st.lists(st.floats(width=32), min_size=1, max_size=30), min_size=1, max_size=8
)  # NaN and infinities among them


def test_a_growing_array_keeps_what_was_seen_of_it() -> None:
    array: GrowingArray[np.int64] = GrowingArray(np.int64)
    views = []
    for portion in range(50):
        array.extend(np.full(portion, portion))
        views.append(array.view())
    for size, view in enumerate(views):
        assert view.tolist() == [portion for portion in range(size + 1) for _ in range(portion)]
        assert not view.flags.writeable


def test_what_comes_piece_by_piece_is_not_moved_where_there_is_room_for_it() -> None:
    array: GrowingArray[np.float64] = GrowingArray(np.float64)
    array.extend(np.arange(3.0))
    array.reserve(100_000)
    first = array.view()
    for begin in range(3, 100_000, 997):
        array.extend(np.arange(float(begin), min(begin + 997, 100_000)))
    assert np.shares_memory(first, array.view())
    assert (array.view() == np.arange(100_000)).all()
    array.reserve(5)
    assert len(array) == 100_000


def columns_of(view: SeriesView) -> dict[str, np.ndarray]:
    plain = {
        field.name: getattr(view, field.name).copy()
        for field in fields(view)
        if isinstance(getattr(view, field.name), np.ndarray)
    }
    return plain | {"blocks.lo": view.blocks.lo.copy(), "blocks.nonfinite": view.blocks.nonfinite.copy()}


def test_views_never_change_while_the_series_grows() -> None:
    store = RunStore()
    rng = np.random.default_rng(1)
    taken = []
    for portion in range(40):
        count = int(rng.integers(1, 3 * BLOCK))
        steps = np.arange(count) + portion * (5 if portion % 7 else -5)
        store.extend(0, [batch("loss", steps, rng.standard_normal(count), first_order=1000 * portion)])
        view = store.freeze().series["loss"]
        edges = np.linspace(0, 2000, 40)
        window = view.window(Axis.STEP, edges)
        taken.append((view, columns_of(view), view.statistics, view.segments, edges, window))
    for view, columns, statistics, segments, edges, window in taken:
        for name, column in columns_of(view).items():
            np.testing.assert_array_equal(column, columns[name], err_msg=name)
        assert view.statistics == statistics
        assert view.segments == segments
        assert len(view) == statistics.count
        assert_same_columns(view.window(Axis.STEP, edges), window)


@given(PORTIONS)
def test_statistics_are_those_of_all_points(portions: list[list[float]]) -> None:
    statistics = Statistics()
    steps: list[int] = []
    taken: list[float] = []
    for portion in portions:
        steps += range(10 * len(taken), 10 * (len(taken) + len(portion)), 10)
        taken += portion
        new = np.array(portion, np.float32)
        statistics = statistics.extended(np.array(steps[-len(portion) :]), new)
    values = np.array(taken, np.float32)
    finite = values[np.isfinite(values)].astype(np.float64)
    assert statistics.count == len(values)
    assert statistics.nan == np.isnan(values).sum()
    assert statistics.inf == np.isinf(values).sum()
    assert (statistics.first_step, statistics.last_step) == (steps[0], steps[-1])
    np.testing.assert_equal(statistics.last, float(values[-1]))
    if len(finite):
        assert (statistics.minimum, statistics.maximum) == (finite.min(), finite.max())
        assert statistics.minimum_step == steps[int(np.argmin(np.where(np.isfinite(values), values, np.inf)))]
        assert (
            statistics.maximum_step == steps[int(np.argmax(np.where(np.isfinite(values), values, -np.inf)))]
        )
        assert statistics.mean == pytest.approx(finite.mean(), rel=1e-9, abs=1e-9 * np.abs(finite).max())
    else:
        assert (statistics.minimum, statistics.maximum_step, statistics.mean) == (None, None, None)


def test_statistics_of_huge_values_raise_nothing() -> None:
    huge = np.array([1.7e308, 1.7e308, -math.inf, 1.0])
    statistics = Statistics().extended(np.arange(4), huge).extended(np.arange(4), huge)
    assert statistics.maximum == 1.7e308
    assert statistics.mean == math.inf
    assert statistics.inf == 2


@pytest.mark.parametrize(
    ("values", "constant"),
    [([1], True), ([2, 2], True), ([2, 3], False), ([2, math.nan], False), ([math.nan], True)],
)
def test_a_series_is_constant_if_nothing_ever_changes(values: list[float], *, constant: bool) -> None:
    assert series_of(batch("loss", range(len(values)), values)).statistics.constant is constant


def test_double_precision_that_comes_late_is_kept() -> None:
    first = batch("loss", [1, 2], np.array([0.1, 0.2], np.float32))
    store = RunStore()
    store.extend(0, [first])
    before = store.freeze().series["loss"]
    store.extend(0, [batch("loss", [3], [1e300], first_order=2)])
    after = store.freeze().series["loss"]
    assert before.values.dtype == np.float32
    assert after.values.tolist() == [float(np.float32(0.1)), float(np.float32(0.2)), 1e300]
    assert after.statistics.maximum == 1e300
    assert after.statistics.inf == 0


def test_single_precision_that_comes_late_is_kept_too() -> None:
    series = series_of(
        batch("loss", [1], [0.1]), batch("loss", [2], np.array([0.5], np.float32), first_order=1)
    )
    assert series.values.tolist() == [0.1, 0.5]


def test_a_point_with_a_jittering_clock_takes_about_eight_bytes() -> None:
    count = 100_000
    times = START + np.cumsum(np.random.default_rng(0).gamma(50, 0.01, count))
    series = series_of(batch("loss", np.arange(count), np.ones(count, np.float32), wall_times=times))
    clock = series.order.nbytes + series.steps.nbytes + series.wall_times.nbytes
    blocks = series.blocks.lo.nbytes + series.blocks.hi.nbytes + series.blocks.nonfinite.nbytes
    assert clock + series.values.nbytes + blocks < 8.5 * count


def test_wall_times_rise_unless_one_falls_or_is_missing() -> None:
    def rise(*times: float) -> bool:
        return series_of(*(batch("loss", [1], wall_times=[time]) for time in times)).times_rise

    assert rise(START, START, START + 1)
    assert not rise(START, START - 1, START + 5)
    assert not rise(math.nan, START)
    assert not rise(START, math.inf)
