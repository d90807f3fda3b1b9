from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from tests.analysis.logged_lines import run_of
from tuimon.analysis.trend import Trend, loss_trend, measure_trend
from tuimon.core.batch import ScalarBatch
from tuimon.store.run_store import RunStore
from tuimon.store.series import SeriesView

Floats = npt.NDArray[np.float64]


def curve(values: Floats, every: int = 1) -> SeriesView:
    store, order = RunStore(), np.arange(len(values))
    store.extend(0, [ScalarBatch(("loss",), order, order * every, 1e9 + order.astype(np.float64), (values,))])
    return store.freeze().series["loss"]


def trend_of(values: Floats, every: int = 1) -> Trend:
    trend = measure_trend(curve(values, every))
    assert trend is not None
    return trend


def noise(count: int, scale: float) -> Floats:
    return scale * np.random.default_rng(3).standard_normal(count)


@pytest.mark.parametrize("count", [40, 80, 1000, 20_000])
def test_direction_is_told_from_noise(count: int) -> None:
    x = np.linspace(0, 1, count)
    assert trend_of(3 - 2 * x + noise(count, 0.02)).direction == "falling"
    assert trend_of(1 + 2 * x + noise(count, 0.02)).direction == "rising"
    assert trend_of(2 + noise(count, 0.3)).direction == "flat"


def test_a_young_run_that_learns_is_not_called_flat() -> None:
    """A loss from 3 down to 2.6 with a noise of 2 %, in the first sixty lines of thousands."""
    steps = np.arange(60)
    falls = [
        trend_of((1 + 2 * np.exp(-steps / 250)) * np.exp(0.02 * np.random.default_rng(seed).normal(size=60)))
        for seed in range(20)
    ]
    assert sum(trend.direction == "falling" for trend in falls) >= 16
    flats = [trend_of(2 * np.exp(0.02 * np.random.default_rng(seed).normal(size=60))) for seed in range(40)]
    assert sum(trend.direction != "flat" for trend in flats) <= 1


def test_slope_is_per_hundred_steps_of_the_recent_window() -> None:
    x = np.arange(4000)
    falling = np.where(x < 2000, 5.0, 5.0 - (x - 2000) * 0.001)
    assert trend_of(falling).slope_per_100 == pytest.approx(-0.1, rel=0.01)
    assert trend_of(falling, every=10).slope_per_100 == pytest.approx(-0.01, rel=0.01)


def test_convergence_rises_as_the_curve_flattens() -> None:
    x = np.linspace(0, 1, 2000)
    even = trend_of(4 - 3 * x).convergence
    slowing = trend_of(1 + 3 * np.exp(-3 * x)).convergence
    flat = trend_of(1 + 3 * np.exp(-30 * x)).convergence
    assert even == pytest.approx(0.0, abs=0.01)
    assert 0.6 < slowing < 0.9
    assert flat > 0.99
    assert trend_of(np.full(50, 2.0)).convergence == 1.0


def test_an_unstable_curve_has_not_converged() -> None:
    x = np.linspace(0, 1, 2000)
    settled = 1 + 3 * np.exp(-30 * x)
    wild = settled + np.where(x > 0.7, 6 * np.sin(40 * x), 0)
    assert trend_of(wild).convergence < 0.2
    assert trend_of(np.where(x > 0.75, math.nan, settled)).convergence == 0.0
    assert trend_of(np.where(x > 0.75, settled + 20 * (x - 0.75), settled)).convergence < 0.1


def test_a_loss_that_runs_away_rises() -> None:
    x = np.linspace(0, 1, 600)
    away = trend_of(4 - 2 * x + np.exp(60 * (x - 0.75)))
    assert (away.direction, away.convergence) == ("rising", 0.0)


def test_what_got_worse_is_no_improvement_to_hold_noise_against() -> None:
    x = np.linspace(0, 1, 6400)
    worse = trend_of(np.where(x < 0.2, 1.0, 100.0) + noise(6400, 40))
    better = trend_of(np.where(x < 0.2, 200.0, 100.0) + noise(6400, 40))
    assert worse.convergence < 0.7
    assert better.convergence > 0.9


def test_scattered_non_finite_values_do_not_hide_the_trend() -> None:
    values = 3 - 2 * np.linspace(0, 1, 400)
    values[::7] = math.nan
    values[3::50] = math.inf
    assert trend_of(values).direction == "falling"


def test_too_few_points_tell_nothing() -> None:
    assert measure_trend(curve(np.array([3.0, 2.0, 1.0, 0.5, 0.4, 0.3, 0.2]))) is None
    assert measure_trend(curve(np.full(100, math.nan))) is None
    assert measure_trend(curve(np.linspace(3, 1, 8))) is not None
    assert loss_trend(run_of([])) is None


def test_redone_steps_do_not_turn_the_slope() -> None:
    steps = [*range(100), *range(85, 110)]
    lines = [{"step": step, "time": 1e9 + at, "loss": 5 - 0.02 * at} for at, step in enumerate(steps)]
    trend = loss_trend(run_of(lines))
    assert trend is not None
    assert trend.direction == "falling"
    assert trend.slope_per_100 == pytest.approx(-2.0, rel=0.05)


def test_steps_that_do_not_count_give_a_flat_trend() -> None:
    trend = loss_trend(run_of([{"step": 0, "loss": 3 - 0.1 * at} for at in range(30)]))
    assert trend is not None
    assert (trend.direction, trend.slope_per_100) == ("flat", 0.0)


def test_a_reward_counts_where_there_is_no_loss() -> None:
    trend = loss_trend(run_of([{"step": at, "reward": 0.1 * at} for at in range(40)]))
    assert trend is not None
    assert (trend.metric, trend.direction) == ("reward", "rising")


@pytest.mark.parametrize("value", [0.0, 0.37, 1.0])
def test_a_logged_score_takes_precedence(value: float) -> None:
    lines = [{"step": at, "loss": 3 - 0.01 * at, "train/convergence_score": value} for at in range(40)]
    logged = loss_trend(run_of(lines))
    plain = [{"step": line["step"], "loss": line["loss"]} for line in lines]
    configured = loss_trend(run_of(plain, config={"convergence_score": value}))
    assert logged is not None
    assert configured is not None
    assert logged.convergence == configured.convergence == value


def test_a_score_that_is_none_is_not_believed() -> None:
    lines = [{"step": at, "loss": 3 - 0.01 * at, "convergence_steps": 500.0} for at in range(40)]
    trend = loss_trend(run_of(lines, config={"convergence_tolerance": 0.5}))
    assert trend is not None
    assert trend.convergence < 0.1
