from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimon.analysis.smoothing import (
    DEFAULT_SMOOTHING,
    SMOOTHING_CYCLE,
    Ema,
    MovingAverage,
    SmoothedSeries,
    Smoothing,
)
from tuimon.core.batch import ScalarBatch
from tuimon.store.axis import Axis
from tuimon.store.run_store import RunStore
from tuimon.store.series import SeriesView

Floats = npt.NDArray[np.float64]


def plain_ema(values: Floats, weight: float) -> list[float]:
    """The loop of TensorBoard's line chart, as its documentation describes it."""
    last, count, smoothed = 0.0, 0, []
    for value in values.tolist():
        if not math.isfinite(value):
            smoothed.append(value)
            continue
        last = last * weight + (1 - weight) * value
        count += 1
        smoothed.append(last / (1 - weight**count))
    return smoothed


def plain_mean(values: Floats, window: int) -> list[float]:
    recent: list[float] = []
    smoothed = []
    for value in values.tolist():
        if math.isfinite(value):
            recent = [*recent, value][-window:]
            smoothed.append(math.fsum(recent) / len(recent))
        else:
            smoothed.append(value)
    return smoothed


def noisy(count: int) -> Floats:
    values = 2 + np.random.default_rng(7).standard_normal(count).cumsum() / 50
    values[count // 5] = np.nan
    values[count // 3 : count // 3 + 3] = [np.inf, -np.inf, 1e30]
    return values


@pytest.mark.parametrize("weight", [0.0, 0.6, 0.9, 0.97, 0.999])
@pytest.mark.parametrize("count", [1, 63, 64, 65, 9000])
def test_ema_is_the_plain_loop(weight: float, count: int) -> None:
    values = noisy(count) if count > 20 else np.array([3.0])
    np.testing.assert_allclose(Ema(weight).extend(values), plain_ema(values, weight), rtol=1e-12)


def test_ema_goes_on_where_the_last_piece_ended() -> None:
    values = noisy(5000)
    ema = Ema(0.97)
    pieces = [ema.extend(piece) for piece in np.split(values, [1, 2, 70, 700, 701, 4000])]
    np.testing.assert_allclose(np.concatenate(pieces), plain_ema(values, 0.97), rtol=1e-12)


def test_a_spike_is_forgotten_as_fast_as_by_the_plain_loop() -> None:
    values = np.ones(20_000)
    values[100] = 1e200
    np.testing.assert_allclose(Ema(0.6).extend(values), plain_ema(values, 0.6), rtol=1e-12)


@pytest.mark.parametrize("cuts", [[], [1, 5, 5, 300]])
def test_moving_average_is_the_mean_of_the_last_finite_values(cuts: list[int]) -> None:
    values = noisy(600)
    average = MovingAverage(20)
    pieces = [average.extend(piece) for piece in np.split(values, cuts)]
    np.testing.assert_allclose(np.concatenate(pieces), plain_mean(values, 20), rtol=1e-12)
    assert len(average._recent) < 20


def test_empty_and_non_finite_pieces_change_nothing() -> None:
    for smoother in (Ema(0.9), MovingAverage(5)):
        smoother.extend(np.array([4.0]))
        assert len(smoother.extend(np.empty(0))) == 0
        assert np.isnan(smoother.extend(np.array([np.nan]))).all()
        assert smoother.extend(np.array([4.0])).tolist() == pytest.approx([4.0])


def test_the_cycle_is_the_one_the_key_shows() -> None:
    labels = [smoothing.label for smoothing in SMOOTHING_CYCLE]
    assert labels == ["ema .6", "ema .9", "ema .97", "ema .9 ma 20", "ma 50", "off"]
    assert DEFAULT_SMOOTHING.turned().label == "ema .9"
    assert DEFAULT_SMOOTHING.turned(-1).label == "off"
    assert Smoothing(weight=0.5).turned().label == "ema .9"


def test_ema_then_moving_average_is_one_after_the_other() -> None:
    values = noisy(300)
    expected = plain_mean(np.array(plain_ema(values, 0.9)), 20)
    np.testing.assert_allclose(Smoothing(0.9, 20).start().extend(values), expected, rtol=1e-12)
    np.testing.assert_array_equal(Smoothing().start().extend(values), values)


class GrowingRun:
    """A run with one loss that is logged piece by piece."""

    def __init__(self) -> None:
        self.store = RunStore()
        self.logged = 0

    def log(self, steps: npt.NDArray[np.int64], values: Floats) -> SeriesView:
        count = len(steps)
        order = np.arange(self.logged, self.logged + count)
        self.logged += count
        batch = ScalarBatch(("loss",), order, steps, 1e9 + order.astype(np.float64), (values,))
        self.store.extend(0, [batch])
        return self.store.freeze().series["loss"]


def test_a_smoothed_series_folds_into_columns_like_a_logged_one() -> None:
    values = noisy(6000)
    run, smoothed = GrowingRun(), SmoothedSeries(Smoothing(weight=0.9))
    for piece in np.split(np.arange(6000), [10, 2000, 2001]):
        view = smoothed.update(run.log(piece, values[piece]))
    np.testing.assert_allclose(view.values, plain_ema(values, 0.9), rtol=1e-12)
    columns = view.window(Axis.STEP, np.linspace(0, 6000, 41))
    expected = np.array(plain_ema(values, 0.9)).reshape(40, 150)
    np.testing.assert_allclose(columns.hi, np.where(np.isfinite(expected), expected, -1e300).max(axis=1))
    assert columns.nonfinite.sum() == 3
    assert view.statistics.count == 6000
    assert view.statistics.maximum == pytest.approx(np.nanmax(expected[np.isfinite(expected)]))


def test_only_the_new_points_are_smoothed(monkeypatch: pytest.MonkeyPatch) -> None:
    run, smoothed = GrowingRun(), SmoothedSeries(Smoothing(weight=0.9))
    smoothed.update(run.log(np.arange(1000), noisy(1000)))
    seen: list[int] = []
    real = Ema.extend

    def counting(self: Ema, values: Floats) -> Floats:
        seen.append(len(values))
        return real(self, values)

    monkeypatch.setattr(Ema, "extend", counting)
    view = run.log(np.arange(1000, 1003), np.ones(3))
    smoothed.update(view)
    smoothed.update(view)
    assert seen == [3]


def test_attempts_are_those_of_the_raw_series() -> None:
    run, smoothed = GrowingRun(), SmoothedSeries(Smoothing(weight=0.6))
    raw = run.log(np.array([10, 20, 30, 10, 20]), np.array([5.0, 4, 3, 5, 4]))
    view = smoothed.update(raw)
    assert [segment.attempt.number for segment in view.segments] == [1, 2]
    np.testing.assert_array_equal(view.steps, raw.steps)


def test_a_constant_series_is_left_alone_until_it_varies() -> None:
    run, smoothed = GrowingRun(), SmoothedSeries(Smoothing(weight=0.97))
    assert (smoothed.update(run.log(np.arange(500), np.full(500, 0.1))).values == 0.1).all()
    values = np.concatenate([np.full(700, 0.1), [0.2, 0.1]])
    view = smoothed.update(run.log(np.arange(500, 702), values[500:]))
    np.testing.assert_allclose(view.values, plain_ema(values, 0.97), rtol=1e-12)


def test_another_run_under_the_same_name_starts_anew() -> None:
    smoothed = SmoothedSeries(Smoothing(weight=0.9))
    smoothed.update(GrowingRun().log(np.arange(300), noisy(300)))
    for count in (100, 400):
        fresh = GrowingRun().log(np.arange(5, count + 5), np.linspace(3, 1, count))
        expected = plain_ema(np.linspace(3, 1, count), 0.9)
        np.testing.assert_allclose(smoothed.update(fresh).values, expected, rtol=1e-12)


def test_many_points_at_once_are_smoothed_like_few_and_go_on_growing() -> None:
    values, store = noisy(70_000), RunStore()
    many, few = SmoothedSeries(DEFAULT_SMOOTHING), SmoothedSeries(DEFAULT_SMOOTHING)
    last = 0
    for stop in (100, 69_000, 70_000):
        order = np.arange(last, stop)
        store.extend(
            0, [ScalarBatch(("loss",), order, order, order.astype(np.float64), (values[last:stop],))]
        )
        view, last = store.freeze().series["loss"], stop
        if stop > 100:
            found, kept = many.update(view), few.update(view)
            np.testing.assert_allclose(found.values, kept.values, rtol=1e-12)
        else:
            few.update(view)
    np.testing.assert_allclose(found.values, plain_ema(values, DEFAULT_SMOOTHING.weight), rtol=1e-9)
    assert len(found.blocks) == len(kept.blocks) == 70_000 // 256


@given(st.lists(st.integers(0, 90), max_size=8), st.integers(1, 200))
def test_points_that_are_taken_in_any_portions_are_smoothed_alike(portions: list[int], count: int) -> None:
    view = GrowingRun().log(np.arange(count), np.random.default_rng(count).standard_normal(count))
    smoothed = SmoothedSeries(DEFAULT_SMOOTHING)
    taken = [smoothed.take(view, most) for most in portions]
    assert taken == [min(most, max(0, count - sum(portions[:at]))) for at, most in enumerate(portions)]
    assert len(smoothed) == sum(taken)
    known, wanted = smoothed.update(view), SmoothedSeries(DEFAULT_SMOOTHING).update(view)
    np.testing.assert_allclose(known.values, wanted.values, rtol=1e-12)
    assert known.statistics.count == wanted.statistics.count == count
