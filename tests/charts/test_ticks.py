from __future__ import annotations

import math
from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimon.charts.scales import LINEAR, LOG, SYMLOG, Axis, Scale
from tuimon.charts.ticks import (
    axis_number,
    linear_ticks,
    log_ticks,
    round_step,
    symlog_ticks,
    tick_labels,
    ticks_of,
)
from tuimon.charts.time_ticks import clock_ticks, duration_ticks

any_float = st.floats(allow_nan=True, allow_infinity=True, width=64)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1.8321, "1.832"),
        (0.1 + 0.2, "0.3"),
        (999.96, "1000"),
        (12500, "12.5k"),
        (12480, "12.48k"),
        (9999.96, "10k"),
        (123456789, "123.5M"),
        (1e15, "1e15"),
        (0.0001, "1e-4"),
        (-2.5e-7, "-2.5e-7"),
        (5e-324, "4.941e-324"),
        (math.nan, "NaN"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
    ],
)
def test_values_are_short_and_exact_to_four_digits(value: float, text: str) -> None:
    assert axis_number(value) == text


@given(st.floats(-1.79e308, 1.79e308))
def test_a_formatted_value_reads_back(value: float) -> None:
    text = axis_number(value)
    for suffix, exponent in (("k", "e3"), ("M", "e6"), ("G", "e9"), ("T", "e12")):
        text = text.replace(suffix, exponent)
    assert float(text) == pytest.approx(value, rel=6e-4, abs=1e-320)


def test_linear_ticks_are_multiples_of_one_two_or_five() -> None:
    assert linear_ticks(0, 1, 4) == (0, 0.5, 1)
    assert linear_ticks(0.05, 0.35, 4) == (0.1, 0.2, 0.3)
    assert linear_ticks(-3, 3, 4) == (-2, 0, 2)
    assert linear_ticks(0, 12_480, 4) == (0, 5000, 10_000)
    assert linear_ticks(2, 2, 4) == (2,)


def test_round_steps_are_the_next_above() -> None:
    assert [round_step(x) for x in (1, 1.1, 2.5, 5.1, 0.03, 1e-9)] == [1, 2, 5, 10, 0.05, 1e-9]


def test_log_ticks_are_decades_with_two_and_five_where_there_is_room() -> None:
    assert log_ticks(1e-6, 1e3, 5) == (1e-6, 1e-4, 1e-2, 1, 100)
    assert log_ticks(0.5, 2000, 4) == (1, 10, 100, 1000)
    assert log_ticks(0.3, 40, 5) == (0.5, 1, 2, 5, 10, 20)
    assert log_ticks(2, 3, 5) == (2, 2.2, 2.4, 2.6, 2.8, 3)


def test_symlog_ticks_are_zero_and_decades_to_both_sides() -> None:
    assert symlog_ticks(-1000, 1000, 5) == (-1000, -10, 0, 10, 1000)
    assert symlog_ticks(0, 100_000, 5) == (0, 1000, 10_000, 100_000)


@given(st.sampled_from([LINEAR, LOG, SYMLOG]), any_float, any_float, st.integers(-1, 30))
def test_ticks_ascend_inside_any_limits(scale: Scale, lo: float, hi: float, count: int) -> None:
    limits = scale.usable((lo, hi))
    ticks = ticks_of(Axis(scale, limits), count)
    assert len(ticks) <= 3 * max(count, 1) + 3
    assert list(ticks) == sorted(set(ticks))
    placed = Axis(scale, limits).fractions(ticks)
    assert ((placed >= -1e-6) & (placed <= 1 + 1e-6)).all()
    labels = tick_labels(ticks, 6, uniform=scale == LINEAR)
    assert len(labels) == len(ticks)
    assert all(len(label) <= 6 and label.isascii() for label in labels)


@given(st.floats(-1e12, 1e12), st.floats(1e-6, 1e12), st.integers(2, 8))
def test_labels_of_neighbours_differ(lo: float, span: float, count: int) -> None:
    ticks = linear_ticks(lo, lo + span, count)
    labels = [label for label in tick_labels(ticks, 6) if label]
    assert len(set(labels)) == len(labels)


def test_tick_labels_share_unit_and_decimals() -> None:
    assert tick_labels((0.0, 0.5, 1.0), 6) == ("0", "0.5", "1.0")
    assert tick_labels((0.0, 5000.0, 10_000.0), 6) == ("0", "5k", "10k")
    assert tick_labels((0.0, 5e-6, 1e-5), 6) == ("0", "0.5e-5", "1.0e-5")
    assert tick_labels((1e-4, 0.1, 100.0), 6, uniform=False) == ("1e-4", "0.1", "100")


def test_labels_that_do_not_fit_become_distances() -> None:
    assert tick_labels((12345.6, 12345.7, 12345.8), 6) == ("~12.3k", "+0.1", "+0.2")
    assert tick_labels((1e9, 1.00005e9), 6) == ("1G", "+50k")
    assert tick_labels((1.0, 2.0), 0) == ("", "")


def test_durations_are_round_in_minutes_hours_and_days() -> None:
    def labels(hi: float) -> list[str]:
        return [label for _, label in duration_ticks(0, hi, 5)]

    assert labels(0.4) == ["0", "0.1s", "0.2s", "0.3s", "0.4s"]
    assert labels(100) == ["0", "30s", "1m", "1m30s"]
    assert labels(5000) == ["0", "30m", "1h"]
    assert labels(86_400) == ["0", "6h", "12h", "18h", "1d"]
    assert labels(2e6) == ["0", "5d", "10d", "15d", "20d"]


def test_clock_ticks_begin_at_the_midnight_of_their_zone() -> None:
    noon = 1_750_032_000.0 + 43_200
    assert [label for _, label in clock_ticks(noon, noon + 86_400, 4, UTC)] == [
        "12:00",
        "18:00",
        "00:00",
        "06:00",
        "12:00",
    ]
    east = timezone(timedelta(hours=5, minutes=30))
    ticks = clock_ticks(noon, noon + 86_400 * 3, 3, east)
    assert [label for _, label in ticks] == ["06-17", "06-18", "06-19"]
    assert (ticks[0][0] + 5.5 * 3600) % 86_400 == 0
    assert [label for _, label in clock_ticks(noon, noon + 40, 4, UTC)] == [
        "12:00:00",
        "12:00:10",
        "12:00:20",
        "12:00:30",
        "12:00:40",
    ]
    assert [label for _, label in clock_ticks(noon, noon + 1, 4, UTC)] == ["12:00:00", "12:00:01"]


@given(st.floats(-1e300, 1e300), st.floats(0, 1e300), st.integers(-1, 20))
def test_time_ticks_survive_any_year(lo: float, span: float, count: int) -> None:
    assert len(duration_ticks(lo, lo + span, count)) <= 2 * max(count, 1) + 2
    assert len(clock_ticks(lo, lo + span, count, UTC)) <= 2 * max(count, 1) + 2


def test_what_distances_are_counted_from_is_said_in_as_many_digits_as_fit() -> None:
    assert tick_labels((0.2408, 0.2409, 0.2410), 5) == ("~0.24", "+1e-4", "+2e-4")
    assert tick_labels((0.2408, 0.2409, 0.2410), 6) == ("0.2408", "0.2409", "0.2410")
