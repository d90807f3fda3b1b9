"""Points that were folded for want of memory: what stays of them, and what still counts."""

from __future__ import annotations

import gc
import math
from dataclasses import astuple
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.logged import START, assert_same_columns, batch, slow_fold
from tuimon.core.batch import LifecycleRecord
from tuimon.core.columns import Columns
from tuimon.core.roles import Role
from tuimon.store.axis import Axis
from tuimon.store.budget import MemoryBudget
from tuimon.store.packing import PackedColumn
from tuimon.store.rows import RowReader
from tuimon.store.run import RunView
from tuimon.store.run_store import RunStore
from tuimon.store.series import SeriesView
from tuimon.store.thinning import NOTHING_OMITTED, omitted_by

AXES = [Axis.ACCUMULATED, Axis.STEP, Axis.RELATIVE, Axis.WALL]
TAGS = ("loss", "lr")


class Logged:
    """The same points in a store that is folded now and then, and in one that is not."""

    def __init__(self) -> None:
        self.folded, self.whole = RunStore(), RunStore()
        self.order = 0
        self.step = 0

    def extend(self, tags: tuple[str, ...], values: npt.NDArray[np.floating]) -> None:
        steps = np.arange(self.step, self.step + len(values))
        record = batch(tags, steps, values, first_order=self.order)
        for store in (self.folded, self.whole):
            store.extend(0, [record])
        self.order += len(values)
        self.step += len(values)

    def restart(self, at: int, *, told: bool) -> None:
        for store in (self.folded, self.whole) if told else ():
            store.extend(0, [LifecycleRecord("writer", self.order, None, math.nan)])
        self.step = at


@st.composite
def any_logged(draw: st.DrawFn) -> tuple[Logged, list[RunView]]:
    """A run of several portions, restarts and folds, and all views that were taken on the way."""
    logged, views = Logged(), []
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    for _ in range(draw(st.integers(1, 6))):
        values = rng.standard_normal(draw(st.integers(1, 900))).astype(dtype)
        bad = rng.random(len(values)) < draw(st.sampled_from([0, 0, 0.01, 0.5, 1]))
        values[bad] = rng.choice([np.nan, np.inf, -np.inf], np.count_nonzero(bad))
        logged.extend(draw(st.sampled_from([TAGS, TAGS, TAGS[:1], TAGS[1:]])), values)
        if draw(st.integers(0, 4)) == 0:
            logged.restart(draw(st.integers(0, logged.step)), told=draw(st.booleans()))
        views.append(logged.folded.freeze())
        for _ in range(draw(st.integers(0, 3))):
            logged.folded.fold()
    return logged, views


def weights_of(view: SeriesView) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return how many points, and how many non-finite ones, each held point stands for, itself included."""
    rows = np.arange(len(view) + 1)
    values = np.asarray(view.values)
    points = np.diff(rows + view.omitted.points_before(rows))
    return points, ~np.isfinite(values) + np.diff(view.omitted.nonfinite_before(rows))


def assert_counts_all(found: Columns, view: SeriesView, axis: Axis, attempt: int | None) -> None:
    """Fail unless columns hold the points of a view and count those that these stand for."""
    chosen = np.zeros(len(view), np.bool_)
    for segment in view.segments:
        chosen[segment.start : segment.stop] = attempt in (None, segment.attempt.number)
    x, values = view.axis_values(axis)[chosen], view.values[chosen].astype(np.float64)
    held = slow_fold(x, values, found.edges)
    for name in ("lo", "hi", "first", "last"):
        np.testing.assert_array_equal(getattr(found, name), getattr(held, name))
    columns = len(found.edges) - 1
    column = np.clip(found.edges.searchsorted(x, side="right") - 1, 0, columns - 1)
    points, nonfinite = weights_of(view)
    assert found.count.tolist() == np.bincount(column, points[chosen], columns).tolist()
    assert found.nonfinite.tolist() == np.bincount(column, nonfinite[chosen], columns).tolist()


@settings(max_examples=60)
@given(any_logged())
def test_folding_keeps_statistics_attempts_and_roles(made: tuple[Logged, list[RunView]]) -> None:
    logged, _ = made
    folded, whole = logged.folded.freeze(), logged.whole.freeze()
    assert repr(folded.attempts) == repr(whole.attempts)
    assert folded.interleaved == whole.interleaved
    assert list(folded.series) == list(whole.series)
    for role in (Role.LOSS, Role.LEARNING_RATE):
        assert [s.tag for s in folded.with_role(role)] == [s.tag for s in whole.with_role(role)]
    for tag, view in folded.series.items():
        wanted = whole.series[tag]
        found, exact = astuple(view.statistics), astuple(wanted.statistics)
        assert repr(found[:7]) == repr(exact[:7])
        assert repr(found[8:]) == repr(exact[8:])
        assert view.statistics.finite_sum == pytest.approx(wanted.statistics.finite_sum, rel=1e-5, abs=1e-3)
        assert [s.attempt.number for s in view.segments] == [s.attempt.number for s in wanted.segments]
        for axis in AXES:
            assert view.extent(axis) == wanted.extent(axis)


@settings(max_examples=60)
@given(any_logged())
def test_what_stays_is_real_and_what_went_is_counted(made: tuple[Logged, list[RunView]]) -> None:
    logged, _ = made
    folded, whole = logged.folded.freeze(), logged.whole.freeze()
    for tag, view in folded.series.items():
        wanted = whole.series[tag]
        index = wanted.order.searchsorted(np.asarray(view.order))
        for name in ("order", "steps", "wall_times", "values"):
            np.testing.assert_array_equal(getattr(view, name), np.asarray(getattr(wanted, name))[index])
        assert index[0] == 0
        assert index[-1] == len(wanted) - 1
        points, nonfinite = weights_of(view)
        bounds = np.append(index, len(wanted))
        assert points.tolist() == np.diff(bounds).tolist()
        broken = np.append(0, np.cumsum(~np.isfinite(wanted.values)))
        assert nonfinite.tolist() == np.diff(broken[bounds]).tolist()
        assert [view.omitted.row_of(point) for point in range(len(wanted) + 1)] == np.searchsorted(
            index, np.arange(len(wanted) + 1)
        ).tolist()


@pytest.mark.parametrize("axis", AXES)
@settings(max_examples=30)
@given(made=any_logged(), shape=st.data())
def test_windows_hold_all_extremes_and_count_all(
    axis: Axis, made: tuple[Logged, list[RunView]], shape: st.DataObject
) -> None:
    logged, _ = made
    folded, whole = logged.folded.freeze(), logged.whole.freeze()
    for tag, view in folded.series.items():
        lo, hi = whole.series[tag].extent(axis) or (0.0, 1.0)
        everything = np.array([lo - 1, hi + 1])
        assert_same_columns(view.window(axis, everything), whole.series[tag].window(axis, everything))
        edges = np.linspace(lo - 1, hi + 1, shape.draw(st.integers(2, 12)))
        attempt = shape.draw(st.sampled_from([None, None, 1, 2]))
        found = view.window(axis, edges, attempt)
        assert_counts_all(found, view, axis, attempt)
        true = whole.series[tag].window(axis, edges, attempt)
        assert found.count.sum() == true.count.sum()
        assert np.nanmin([np.inf, *found.lo]) == np.nanmin([np.inf, *true.lo])
        assert np.nanmax([-np.inf, *found.hi]) == np.nanmax([-np.inf, *true.hi])


@settings(max_examples=40)
@given(any_logged())
def test_views_taken_before_a_fold_never_change(made: tuple[Logged, list[RunView]]) -> None:
    logged, views = made
    whole = logged.whole.freeze()
    logged.folded.fold()
    for run in views:
        for tag, view in run.series.items():
            points, _ = weights_of(view)
            assert points.sum() == view.statistics.count
            index = np.append(0, np.cumsum(points))[:-1]
            np.testing.assert_array_equal(view.values, whole.series[tag].values[index])
            np.testing.assert_array_equal(view.steps, np.asarray(whole.series[tag].steps)[index])


def test_a_restart_is_told_as_before_when_its_points_are_old() -> None:
    logged = Logged()
    for _ in range(5):
        logged.extend(TAGS, np.ones(1000))
        logged.restart(logged.step - 77, told=False)
    for _ in range(4):
        logged.folded.fold()
    assert logged.folded.freeze().attempts == logged.whole.freeze().attempts
    assert len(logged.folded.freeze().attempts) == 5


def test_steps_that_fall_too_often_at_first_may_turn_out_to_be_restarts() -> None:
    logged = Logged()
    for _ in range(23):
        logged.extend(TAGS, np.ones(95))
        logged.restart(logged.step - 7, told=False)
    assert logged.folded.freeze().interleaved
    assert logged.folded.fold() is not None
    logged.extend(TAGS, np.ones(3000))
    run = logged.folded.freeze()
    assert not run.interleaved
    assert run.attempts == logged.whole.freeze().attempts


def test_what_was_folded_is_folded_again_until_it_is_small() -> None:
    logged = Logged()
    logged.extend(TAGS, np.where(np.arange(40_000) % 9000 == 7, np.nan, np.sin(np.arange(40_000))))
    lengths = [40_000]
    while logged.folded.fold() is not None:
        view = logged.folded.freeze().series["loss"]
        lengths.append(len(view))
        columns = view.window(Axis.STEP, np.array([0.0, 40_000]))
        assert (columns.count.tolist(), columns.nonfinite.tolist()) == ([40_000], [5])
        assert weights_of(view)[0].min() > 0
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] < 1300


def test_points_of_many_falling_stretches_are_counted_too() -> None:
    logged = Logged()
    for portion in range(30):
        logged.extend(TAGS, np.linspace(portion, 0, 1000))
        logged.restart(logged.step - 600, told=False)
    assert logged.folded.fold() is not None
    edges = np.linspace(0, logged.step + 600, 4)
    folded, whole = (store.freeze().series["loss"] for store in (logged.folded, logged.whole))
    assert len(folded.step_falls) == 29
    assert len(folded) < len(whole)
    found, wanted = folded.window(Axis.STEP, edges), whole.window(Axis.STEP, edges)
    assert found.count.sum() == wanted.count.sum() == 30_000
    assert found.count == pytest.approx(wanted.count, abs=128 * 30)
    assert found.hi.max() == wanted.hi.max()


@pytest.mark.parametrize("axis", [Axis.RELATIVE, Axis.WALL])
@pytest.mark.parametrize("attempt", [None, 1, 2])
def test_points_whose_times_fall_often_are_counted_where_they_are(axis: Axis, attempt: int | None) -> None:
    store, rng = RunStore(), np.random.default_rng(0)
    order = np.arange(6000)
    values = np.where(rng.random(6000) < 0.3, np.nan, rng.standard_normal(6000))
    # The clock of the machine is put back now and then.
    times = START + order - 30.0 * (order // 100)
    for part in (slice(3000), slice(3000, None)):
        store.extend(0, [LifecycleRecord("writer", int(order[part][0]), None, math.nan)])
        store.extend(
            0,
            [
                batch(
                    "loss",
                    order[part] % 3000,
                    values[part],
                    first_order=part.start or 0,
                    wall_times=times[part],
                )
            ],
        )
    for _ in range(2):
        assert store.fold() is not None
    view = store.freeze().series["loss"]
    assert len(view.time_falls) > 20
    assert [segment.attempt.number for segment in view.segments] == [1, 2]
    lo, hi = view.extent(axis, attempt) or (0.0, 0.0)
    found = view.window(axis, np.linspace(lo, hi, 8), attempt)
    assert_counts_all(found, view, axis, attempt)
    assert found.count.sum() == (6000 if attempt is None else 3000)


@settings(max_examples=50)
@given(st.integers(1, 6), st.integers(0, 999), st.data())
def test_what_was_folded_twice_is_counted_once(blocks: int, seed: int, data: st.DataObject) -> None:
    rng = np.random.default_rng(seed)
    values = np.where(rng.random(8 * blocks) < 0.4, np.nan, 1.0)
    index, omitted = np.arange(len(values)), NOTHING_OMITTED
    for _ in range(3):
        stop = data.draw(st.integers(1, len(index)))
        kept = np.flatnonzero(rng.random(stop) < 0.6)
        kept = np.union1d([0], kept)
        omitted = omitted_by(kept, values[index[:stop]], omitted)
        index = np.concatenate([index[kept], index[stop:]])
        broken = np.append(0, np.cumsum(np.isnan(values)))
        held = np.append(0, np.cumsum(np.isnan(values[index])))
        places = np.append(index, len(values))
        rows = np.arange(len(places))
        assert omitted.points_before(rows).tolist() == (places - rows).tolist()
        assert omitted.nonfinite_before(rows).tolist() == (broken[places] - held).tolist()
        assert omitted.total == len(values) - len(index)


def test_a_series_that_is_short_beside_others_stays_whole() -> None:
    store = RunStore()
    store.extend(0, [batch("loss", range(20_000)), batch("eval_loss", range(5000), first_order=20_000)])
    assert store.fold() is not None
    series = store.freeze().series
    assert (len(series["loss"]) < 20_000, len(series["eval_loss"])) == (True, 5000)


def test_nothing_holds_the_columns_of_the_points_that_went() -> None:
    store = RunStore()
    store.extend(0, [batch(TAGS, range(77_777))])
    assert len(_columns_of(77_777)) == 3
    assert store.fold() is not None
    store.freeze()
    assert _columns_of(77_777) == []


def _columns_of(length: int) -> list[PackedColumn[Any]]:
    """Return the packed columns of a length that are alive."""
    gc.collect()
    return [each for each in gc.get_objects() if isinstance(each, PackedColumn) and len(each) == length]


def test_rules_see_each_point_once_though_others_are_folded() -> None:
    logged, reader = Logged(), RowReader(lambda _: True)
    logged.extend(TAGS, np.arange(5000.0))
    assert len(reader.read(logged.folded.freeze())) == 10_000
    assert logged.folded.fold() is not None
    assert len(reader.read(logged.folded.freeze())) == 0
    logged.extend(TAGS, np.arange(300.0))
    assert logged.folded.fold() is not None
    rows = reader.read(logged.folded.freeze())
    assert rows.values[rows.tag_index == 0].tolist() == list(range(300))


def test_a_million_points_stay_within_a_small_limit_with_every_spike() -> None:
    budget = MemoryBudget(1 << 20)
    store = RunStore(budget)
    rng = np.random.default_rng(0)
    spikes = {123_456: 1e9, 654_321: -1e9, 777_777: math.nan}
    portion = 10_000
    for start in range(0, 1_000_000, portion):
        values = rng.standard_normal(portion).astype(np.float32)
        for at, value in spikes.items():
            if start <= at < start + portion:
                values[at - start] = value
        store.extend(0, [batch("loss", np.arange(start, start + portion), values, first_order=start)])
        assert store.held_bytes <= budget.limit_bytes
    loss = store.freeze().series["loss"]
    assert loss.statistics.count == 1_000_000
    assert len(loss) < 250_000
    columns = loss.window(Axis.STEP, np.linspace(0, 1_000_000, 101))
    assert columns.count.sum() == 1_000_000
    assert np.flatnonzero(columns.hi == 1e9).tolist() == [12]
    assert np.flatnonzero(columns.lo == -1e9).tolist() == [65]
    assert np.flatnonzero(columns.nonfinite).tolist() == [77]
    assert loss.steps[loss.values == np.float32(1e9)].tolist() == [123_456]


def test_the_largest_runs_make_room_for_all() -> None:
    budget = MemoryBudget(1 << 20)
    small, large = RunStore(budget), RunStore(budget)
    small.extend(0, [batch("loss", range(2000))])
    for start in range(0, 200_000, 1000):
        large.extend(0, [batch("loss", range(start, start + 1000), first_order=start)])
    assert budget.held_bytes <= budget.limit_bytes
    assert len(small.freeze().series["loss"]) == 2000
    del large
    assert budget.held_bytes < 64 * 2000


def test_tags_that_stopped_long_ago_hold_no_columns_of_others() -> None:
    store = RunStore()
    store.extend(0, [batch(TAGS, range(10)), batch("loss", range(10, 100_000), first_order=10)])
    assert store.fold() is not None
    assert store.freeze().series["lr"].wall_times.nbytes < 200
    assert store.freeze().series["lr"].steps.tolist() == list(range(10))
    store.extend(0, [batch("new", range(100_000), wall_times=START + np.arange(100_000))])
    assert store.freeze().series["new"].steps[-1] == 99_999


def test_what_cannot_be_folded_is_left_alone() -> None:
    store = RunStore(MemoryBudget(1))
    assert store.fold() is None
    store.extend(0, [batch("loss", range(100))])
    assert store.fold() is None
    assert len(store.freeze().series["loss"]) == 100
