from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimon.charts.limits import stepped_limits, stepped_window, stepped_x_limits
from tuimon.charts.scales import LINEAR, LOG, SYMLOG, Axis, Scale

any_float = st.floats(allow_nan=True, allow_infinity=True, width=64)
scales = st.sampled_from([LINEAR, LOG, SYMLOG])


def test_linear_log_and_symlog_place_known_values() -> None:
    assert Axis(LINEAR, (0, 4)).fractions([0, 1, 4, 5]).tolist() == [0, 0.25, 1, 1.25]
    assert Axis(LOG, (1, 10_000)).fractions([1, 100, 10_000]) == pytest.approx([0, 0.5, 1])
    symlog = Axis(SYMLOG, (-1000, 1000)).fractions([-1000, 0, 1000, 100, -100])
    assert symlog[:3] == pytest.approx([0, 0.5, 1])
    assert symlog[3] > 0.75
    assert symlog[3] + symlog[4] == pytest.approx(1)


def test_log_has_no_place_for_what_is_not_positive() -> None:
    placed = Axis(LOG, (0.1, 10)).fractions([-1, 0, math.nan, math.inf, 1])
    assert np.isnan(placed[:4]).all()
    assert placed[4] == pytest.approx(0.5)


@given(scales, any_float, any_float, st.lists(any_float, max_size=8))
def test_usable_limits_are_finite_and_apart_and_place_what_lies_between(
    scale: Scale, lo: float, hi: float, values: list[float]
) -> None:
    limits = scale.usable((lo, hi))
    assert all(math.isfinite(limit) for limit in limits)
    assert limits[0] < limits[1]
    assert scale.kind != "log" or limits[0] > 0
    placed = Axis(scale, limits).fractions([*limits, *values])
    assert placed[:2] == pytest.approx([0, 1])
    for value, at in zip(values, placed[2:], strict=True):
        if limits[0] <= value <= limits[1]:
            assert -1e-9 <= at <= 1 + 1e-9


@given(lo=any_float, hi=any_float, log=st.booleans(), previous=st.none() | st.tuples(any_float, any_float))
def test_stepped_limits_hold_the_values(
    *, lo: float, hi: float, log: bool, previous: tuple[float, float] | None
) -> None:
    new_lo, new_hi = stepped_limits(lo, hi, previous, log=log)
    if math.isfinite(lo) and math.isfinite(hi) and not (log and min(lo, hi) <= 0):
        assert new_lo <= min(lo, hi)
        assert new_hi >= max(lo, hi)


def test_new_limits_are_round_with_headroom() -> None:
    assert stepped_limits(1.83, 3.2) == (1.6, 3.4)
    assert stepped_limits(-5, 7) == (-7, 9)
    assert stepped_limits(0.02, 98) == (0, 110)
    assert stepped_limits(0.02, 98, log=True) == (0.008, 300)
    assert stepped_limits(0.5, 0.5) == (0.45, 0.55)
    assert stepped_limits(math.inf, -math.inf) == (0, 1)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e9))
def test_headroom_is_a_tenth_and_half_of_the_axis_is_used(lo: float, span: float) -> None:
    hi = lo + span
    new_lo, new_hi = stepped_limits(lo, hi)
    room = (hi - lo) * 0.0999
    assert new_hi - hi >= room
    assert lo - new_lo >= room or (new_lo == 0 and lo >= 0)
    assert (hi - lo) >= 0.5 * (new_hi - new_lo)


@pytest.mark.parametrize("log", [False, True])
def test_limits_stay_while_the_values_fit_and_use_half_of_them(*, log: bool) -> None:
    previous = stepped_limits(1.0, 30.0, log=log)
    assert stepped_limits(0.95, 31.0, previous, log=log) is previous
    assert stepped_limits(1.0, 99.0, previous, log=log)[1] > 99
    assert stepped_limits(5.0, 7.0, previous, log=log) != previous


def test_a_falling_loss_moves_the_limits_a_few_times_only() -> None:
    losses = 1.5 + 3 * np.exp(-np.arange(2000) / 300)
    limits: tuple[float, float] | None = None
    moves = 0
    for seen in range(1, len(losses)):
        new = stepped_limits(losses[:seen].min(), losses[0], limits)
        moves += new != limits
        limits = new
    assert moves < 40


def test_x_limits_start_exactly_and_grow_in_steps() -> None:
    assert stepped_x_limits(0, 100) == (0, 110)
    assert stepped_x_limits(0, 109, (0, 110)) == (0, 110)
    assert stepped_x_limits(0, 111, (0, 110)) == (0, 130)
    assert stepped_x_limits(7, 7) == (7, 8)
    assert stepped_x_limits(math.nan, 7, (0, 5)) == (0, 5)


def test_a_following_window_moves_by_eighths() -> None:
    assert stepped_window(91, (0, 80)) == (20, 100)
    assert stepped_window(80, (0, 80)) == (0, 80)
    assert stepped_window(81, (0, 80)) == (10, 90)
    assert stepped_window(-1, (0, 80)) == (-10, 70)
    assert stepped_window(math.inf, (0, 80)) == (0, 80)
