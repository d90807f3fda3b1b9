from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.logged import START, assert_same_columns, batch, series_of, slow_fold
from tuimon.core.batch import ScalarBatch
from tuimon.core.columns import Float64Array
from tuimon.store.axis import Axis
from tuimon.store.column import BLOCK
from tuimon.store.run_store import RunStore
from tuimon.store.series import SeriesView

AXES = [Axis.ACCUMULATED, Axis.STEP, Axis.RELATIVE, Axis.WALL]
ANY_VALUE = st.floats(width=32, allow_nan=True, allow_infinity=True)
# Times on a grid of eighths of a second, so that differences of them are exact.
ANY_TIME = st.one_of(st.integers(0, 400).map(lambda eighths: START + eighths / 8), st.just(float("nan")))


@st.composite
def any_series(draw: st.DrawFn) -> SeriesView:
    """Steps that mostly rise, stand still or fall a few times; times that rise, jump or are missing."""
    count = draw(st.integers(1, 60))
    steps = np.cumsum(draw(st.lists(st.integers(0, 3), min_size=count, max_size=count)))
    for _ in range(draw(st.integers(0, 4))):
        steps[draw(st.integers(0, count - 1)) :] -= draw(st.integers(1, 30))
    times = draw(st.lists(ANY_TIME, min_size=count, max_size=count))
    if draw(st.booleans()):
        times = sorted(START if np.isnan(time) else time for time in times)
    values = draw(st.lists(ANY_VALUE, min_size=count, max_size=count))
    repeats = draw(st.sampled_from([1, 1, 40]))
    whole = batch(
        "loss",
        np.repeat(steps, repeats),
        np.repeat(np.array(values, draw(st.sampled_from([np.float32, np.float64]))), repeats),
        wall_times=np.repeat(np.array(times), repeats),
    )
    return series_of(*in_portions(whole, draw(st.integers(1, 5))))


def in_portions(whole: ScalarBatch, portions: int) -> list[ScalarBatch]:
    bounds = np.linspace(0, len(whole), portions + 1).astype(int).tolist()
    parts = [slice(*pair) for pair in pairwise(bounds)]
    return [
        ScalarBatch(
            whole.tags,
            whole.order[part],
            whole.steps[part],
            whole.wall_times[part],
            tuple(values[part] for values in whole.values),
        )
        for part in parts
    ]


def check_window(series: SeriesView, axis: Axis, edges: Float64Array, attempt: int | None) -> None:
    chosen = np.zeros(len(series), np.bool_)
    for segment in series.segments:
        chosen[segment.start : segment.stop] = attempt in (None, segment.attempt.number)
    x, values = series.axis_values(axis)[chosen], series.values[chosen].astype(np.float64)
    assert_same_columns(series.window(axis, edges, attempt), slow_fold(x, values, edges))
    known = x[np.isfinite(x)]
    assert series.extent(axis, attempt) == ((known.min(), known.max()) if len(known) else None)


@pytest.mark.parametrize("axis", AXES)
@given(series=any_series(), shape=st.data())
def test_a_window_is_a_fold_of_all_its_points(axis: Axis, series: SeriesView, shape: st.DataObject) -> None:
    attempt = shape.draw(st.sampled_from([None, None, 1, 2, 9]))
    origin = START if axis is Axis.WALL else 0.0
    eighths = shape.draw(st.lists(st.integers(-500, 900), min_size=1, max_size=12))
    check_window(series, axis, origin + np.sort(eighths) / 8, attempt)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("count", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK + 17])
@pytest.mark.parametrize("columns", [1, 2, 7, 300])
def test_windows_of_many_blocks(axis: Axis, count: int, columns: int) -> None:
    steps = np.arange(count) * 2
    values = np.sin(np.arange(count) * 0.1).astype(np.float32)
    values[::100] = np.nan
    values[37::211] = -np.inf
    series = series_of(
        batch("loss", [0], np.zeros(1, np.float32)), batch("loss", steps, values, first_order=1)
    )
    lo, hi = series.extent(axis) or (0.0, 1.0)
    width = hi - lo
    for low, high in (
        (lo, hi),
        (lo - 5, hi + 5),
        (lo + width / 3, lo + width / 2),
        (hi + 1, hi + 2),
        (lo, lo),
    ):
        check_window(series, axis, np.linspace(low, high, columns + 1), None)


def test_columns_of_uneven_width_take_whole_blocks_and_single_points() -> None:
    values = np.random.default_rng(0).standard_normal(40 * BLOCK + 100)
    series = series_of(batch("loss", np.arange(len(values)), values))
    edges = np.array([0, 1, 300, 301, 5000.5, 5001, 10_200, 10_240, 10_300, 10_339, 10_340, 99_999.0])
    check_window(series, Axis.STEP, edges, None)


def test_an_empty_series_gives_empty_columns() -> None:
    store = RunStore()
    store.extend(0, [batch("loss", [1, 2])])
    full = store.freeze().series["loss"]
    columns = full.window(Axis.STEP, np.linspace(10, 20, 5))
    assert columns.count.tolist() == [0, 0, 0, 0]
    assert np.isnan(columns.lo).all()
    assert np.isnan(columns.last).all()
    assert len(full.window(Axis.STEP, np.array([1.0]))) == 0


@pytest.mark.parametrize("fault", [1e9, -1e9, np.nan, np.inf])
def test_one_bad_point_in_a_million_is_in_its_column(fault: float) -> None:
    values = np.ones(1_000_000, np.float32)
    values[654_321] = fault
    series = series_of(batch("loss", np.arange(len(values)), values))
    columns = series.window(Axis.ACCUMULATED, np.linspace(0, 1_000_000, 101))
    bad = np.flatnonzero((columns.hi != 1) | (columns.lo != 1) | (columns.nonfinite > 0))
    assert bad.tolist() == [65]
    assert columns.nonfinite[65] == (0 if np.isfinite(fault) else 1)
    assert columns.count.sum() == 1_000_000
    if np.isfinite(fault):
        assert fault in (columns.lo[65], columns.hi[65])


def test_steps_at_the_ends_of_the_number_line() -> None:
    steps = [-(2**53), 0, 2**53]
    series = series_of(batch("loss", steps))
    columns = series.window(Axis.STEP, np.array([-(2.0**60), -1.0, 1.0, 2.0**60]))
    assert columns.count.tolist() == [1, 1, 1]
    assert series.window(Axis.STEP, np.array([-np.inf, np.inf])).count.tolist() == [3]


def test_many_falls_in_a_large_series_are_still_folded_exactly() -> None:
    count = 30_000
    steps = np.arange(count)
    for at in range(1000, count, 1000):
        steps[at:] -= 600
    series = series_of(batch("loss", steps, np.cos(np.arange(count) * 0.01)))
    assert len(series.step_falls) == 29
    edges = np.linspace(0, steps.max(), 30)
    x = series.axis_values(Axis.STEP)
    wanted = np.histogram(x, edges)[0]
    assert series.window(Axis.STEP, edges).count.tolist() == wanted.tolist()
    assert series.extent(Axis.STEP) == (0, float(steps.max()))


def test_times_that_are_unknown_here_and_there_cost_no_sorting() -> None:
    count = 40_000
    times = START + np.arange(count) / 8
    times[[0, 7, 8, 9, 20_000, count - 1]] = np.nan, np.nan, np.inf, np.nan, np.nan, np.nan
    times[30_000:] -= 100
    series = series_of(
        *in_portions(batch("loss", np.arange(count), np.sin(np.arange(count)), wall_times=times), 7)
    )
    assert series.time_falls.tolist() == [1, 7, 10, 20_000, 20_001, 30_000, count - 1]
    assert series.times_known == count - 6
    known = times[np.isfinite(times)]
    edges = np.linspace(START, START + 5000, 33)
    for axis, origin in ((Axis.WALL, 0.0), (Axis.RELATIVE, times[1])):
        assert series.window(axis, edges - origin).count.tolist() == np.histogram(known, edges)[0].tolist()
        assert series.extent(axis) == (known.min() - origin, known.max() - origin)
