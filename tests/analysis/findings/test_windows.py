from __future__ import annotations

from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimon.analysis.findings.blocks import Blocks
from tuimon.analysis.findings.windows import DelayedWindow, MovingMean, MovingMinimum, SortedWindow, mean

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=80)


@given(VALUES, st.integers(1, 20))
def test_a_sorted_window_agrees_with_numpy(values: list[float], size: int) -> None:
    window = SortedWindow(size)
    for at, value in enumerate(values):
        window.push(value)
        last = values[max(0, at + 1 - size) : at + 1]
        assert len(window) == len(last)
        assert window.median == np.median(last)
        assert (window.smallest, window.largest) == (min(last), max(last))
        assert window.quantile(0.25) == sorted(last)[min(len(last) - 1, int(0.25 * len(last)))]
        assert window.full == (len(last) == size)


@given(VALUES, st.integers(1, 20), st.floats(-1e6, 1e6))
def test_a_window_that_begins_with_values_goes_on_as_one_that_took_them(
    values: list[float], size: int, value: float
) -> None:
    taken = SortedWindow(size)
    for each in values[-size:]:
        taken.push(each)
    begun = SortedWindow(size, values[-size:])
    assert begun.values == taken.values
    begun.push(value)
    taken.push(value)
    assert begun.values == taken.values


@given(VALUES, st.integers(1, 20))
def test_a_moving_mean_is_that_of_the_last_values(values: list[float], size: int) -> None:
    moving = MovingMean(size)
    for at, value in enumerate(values, 1):
        moving.push(value)
        assert list(moving.values) == values[max(0, at - size) : at]
        assert moving.mean == pytest.approx(fmean(moving.values), rel=1e-9, abs=1e-6)
    moving.clear()
    assert len(moving) == 0


@given(VALUES)
def test_the_mean_is_that_of_the_standard_library(values: list[float]) -> None:
    assert mean(values) == fmean(values)


@given(VALUES, st.floats(-1e6, 1e6))
def test_a_sorted_window_counts_what_is_above(values: list[float], limit: float) -> None:
    window = SortedWindow(100)
    for value in values:
        window.push(value)
    assert window.count_above(limit) == sum(value > limit for value in values)


@given(VALUES, st.integers(1, 20))
def test_a_moving_minimum_agrees_with_min(values: list[float], size: int) -> None:
    lowest = MovingMinimum(size)
    for at, value in enumerate(values):
        assert lowest.push(value) == min(values[max(0, at + 1 - size) : at + 1])


def test_a_delayed_window_lets_values_in_late() -> None:
    delayed = DelayedWindow(3, delay=2)
    for value in (1.0, 2.0, 3.0, 4.0):
        delayed.push(value)
    assert (delayed.window.smallest, delayed.window.largest) == (1.0, 2.0)


@given(st.integers(8, 700), st.sampled_from([1, 2, 4]))
def test_blocks_keep_the_mean_of_everything(points: int, together: int) -> None:
    blocks = Blocks()
    points -= points % together
    for value in range(0, points, together):
        complete = blocks.extend([float(value + at) for at in range(together)], 0.0)
        assert complete is ((value + together) % blocks.length == 0)
    assert len(blocks.means) < 64
    covered = len(blocks.means) * blocks.length
    assert points - covered < blocks.length
    np.testing.assert_allclose(np.mean(blocks.means), np.mean(np.arange(covered)))


def test_a_change_has_the_error_of_a_difference_of_means() -> None:
    blocks = Blocks()
    values = np.random.default_rng(0).standard_normal(40)
    for value in values.tolist():
        blocks.extend([value], 0.0)
    change = blocks.change(slice(0, 20), slice(20, 40))
    np.testing.assert_allclose(change.fall, values[:20].mean() - values[20:].mean())
    expected = np.sqrt(values[:20].var(ddof=1) / 20 + values[20:].var(ddof=1) / 20)
    np.testing.assert_allclose(change.error, expected)
