from __future__ import annotations

import math

import numpy as np
import pytest

from tests.analysis.findings.runs import level
from tuimon.analysis.findings.history import History


def feed(history: History, values: list[float]) -> None:
    for value in values:
        history.measure(value)
        history.absorb(value)


def test_positive_values_are_compared_by_their_ratio() -> None:
    history = History(25)
    feed(history, level(200, 0.01, noise=0.3).tolist())
    history.measure(0.05)
    assert history.ratio == pytest.approx(0.05 / history.median)
    assert history.deviation == pytest.approx(math.log(history.ratio))
    assert history.sigma == pytest.approx(0.3, rel=0.35)


def test_a_value_below_zero_starts_over_with_differences() -> None:
    history = History(25)
    feed(history, [1.0] * 30)
    assert history.ready
    feed(history, [-1.0])
    assert not history.positive
    assert not history.ready
    feed(history, (-1.0 + 0.1 * np.random.default_rng(0).standard_normal(60)).tolist())
    history.measure(1.0)
    assert history.deviation == pytest.approx(1.0 - history.median)
    assert history.score > 10


def test_outliers_do_not_become_usual() -> None:
    history = History(25)
    feed(history, level(100, 2.0).tolist())
    feed(history, [50.0] * 20)
    assert history.median_now < 2.2


def test_what_follows_an_outlier_becomes_usual_only_near_the_median() -> None:
    history = History(25)
    feed(history, level(100, 2.0).tolist())
    largest = history.largest_deviation
    feed(history, [50.0, *[2.0 * math.exp(4.5 * 0.02)] * 5])
    assert history.largest_deviation == largest
    feed(history, [2.0, 2.0 * math.exp(4.5 * 0.02)])
    assert history.largest_deviation > largest


def test_a_level_that_lasts_becomes_usual() -> None:
    history = History(25)
    feed(history, level(100, 2.0).tolist())
    feed(history, level(26, 50.0).tolist())
    assert history.median_now > 40


@pytest.mark.parametrize("values", [[0.0] * 40, [1.0] * 40, [-2.0] * 40, [1e300] * 40])
def test_a_constant_series_is_survived(values: list[float]) -> None:
    history = History(25)
    feed(history, values)
    history.measure(values[-1])
    assert history.deviation == 0.0
    assert history.score == 0.0
