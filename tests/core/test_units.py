from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuimon.core.units import (
    UNKNOWN,
    format_bytes,
    format_clock,
    format_count,
    format_duration,
    format_percent,
    format_rate,
    format_value,
    parse_clock,
)

DAY_S = 86_400


def test_a_time_is_the_last_such_one() -> None:
    latest = datetime(2026, 3, 3, 12, 5, 30).astimezone()

    def parsed(text: str) -> str | None:
        found = parse_clock(text, latest.timestamp())
        form = "%y-%m-%d %H:%M:%S"
        return None if found is None else datetime.fromtimestamp(found).astimezone().strftime(form)

    assert parsed("12:05") == "26-03-03 12:05:00"
    assert parsed("12:05:31") == "26-03-02 12:05:31"
    assert parsed("9:00") == "26-03-03 09:00:00"
    assert parsed("03-02 23:10") == "26-03-02 23:10:00"
    assert parsed("12-31 23:10") == "25-12-31 23:10:00"
    assert parsed("2026-03-04 01:00") == "26-03-04 01:00:00"
    for text in ("", "12", "25:00", "02-30 10:00", "0000-01-01 00:00", "12:05 pm"):
        assert parsed(text) is None
    assert parse_clock("12:05", math.nan) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0s"),
        (-0.0, "0.0s"),
        (-0.04, "0.0s"),
        (0.012, "12ms"),
        (1e-9, "0.0s"),
        (9.94, "9.9s"),
        (9.96, "10s"),
        (59.4, "59s"),
        (59.96, "1m00s"),
        (192, "3m12s"),
        (3599.4, "59m59s"),
        (3599.6, "1h00m"),
        (2 * 3600 + 299, "2h05m"),
        (DAY_S - 1, "1d00h"),
        (4 * DAY_S + 3 * 3600, "4d03h"),
        (-75, "-1m15s"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (-0.04, "0"),
        (7, "7"),
        (9.5, "9.5"),
        (999.94, "999.9"),
        (999.96, "1000"),
        (9999, "9999"),
        (9999.5, "10k"),
        (12_480, "12.5k"),
        (99_951, "100k"),
        (999_499, "999k"),
        (999_950, "1M"),
        (3_200_000, "3.2M"),
        (1.5e10, "15G"),
        (999.7e9, "1T"),
        (6.1e19, "6e19"),
        (-12_345, "-12.3k"),
    ],
)
def test_counts(count: float, text: str) -> None:
    assert format_count(count) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_count_takes_at_most_five_characters_and_a_sign(count: float) -> None:
    assert len(format_count(count).removeprefix("-")) <= 5
    assert format_count(count) != "-0"


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0B"),
        (1023, "1023B"),
        (1024, "1.0K"),
        (1536, "1.5K"),
        (10_239, "10K"),
        (1_048_575, "1.0M"),
        (71 * 2**30, "71G"),
        (3 * 2**50, "3072T"),
        (-2048, "-2.0K"),
    ],
)
def test_sizes(size: float, text: str) -> None:
    assert format_bytes(size) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.83249, "1.832"),
        (0.00099, "9.9e-4"),
        (0.00099996, "0.001"),
        (0.001, "0.001"),
        (2e-5, "2e-5"),
        (-3.4567, "-3.457"),
        (0.0, "0"),
        (-0.0, "0"),
        (12_345, "12345"),
        (99_999, "99999"),
        (100_000, "1e5"),
        (1.2346e-7, "1.235e-7"),
        (1e300, "1e300"),
        (math.nan, "NaN"),
        (math.inf, "Inf"),
        (-math.inf, "-Inf"),
        (None, UNKNOWN),
    ],
)
def test_values(value: float | None, text: str) -> None:
    assert format_value(value) == text


def test_values_with_fewer_digits() -> None:
    assert [format_value(value, 2) for value in (1.832, 12_345, 0.000_456)] == ["1.8", "12345", "4.6e-4"]
    assert format_value(0.000_456, 1) == "5e-4"


@given(st.floats(-1e308, 1e308))
def test_a_value_reads_back_to_four_digits(value: float) -> None:
    assert float(format_value(value)) == pytest.approx(value, rel=5.001e-4, abs=5e-324)


@pytest.mark.parametrize(
    ("per_second", "text"),
    [
        (2.1, "2.1 it/s"),
        (1, "1 it/s"),
        (0.2941, "3.4 s/it"),
        (999.7, "1000 it/s"),
        (17_234, "17.2k it/s"),
        (0, UNKNOWN),
        (-1, UNKNOWN),
        (math.inf, UNKNOWN),
    ],
)
def test_rates(per_second: float, text: str) -> None:
    assert format_rate(per_second) == text


def test_a_rate_has_its_unit() -> None:
    assert format_rate(17_200, "tok") == "17.2k tok/s"


def test_percentages() -> None:
    assert [format_percent(fraction) for fraction in (0.416, 0, -0.0001, 1)] == [
        "41.6%",
        "0.0%",
        "0.0%",
        "100.0%",
    ]


@pytest.mark.parametrize(
    "form", [format_duration, format_count, format_bytes, format_rate, format_percent, format_clock]
)
@pytest.mark.parametrize("unknown", [None, math.nan, math.inf])
def test_what_is_not_known_is_a_dash(form: object, unknown: float | None) -> None:
    assert callable(form)
    assert form(unknown) == UNKNOWN


def test_a_clock_has_a_date_only_on_another_day() -> None:
    noon = datetime(2025, 3, 4, 12, 5).astimezone()
    assert format_clock(noon.timestamp()) == "12:05"
    assert format_clock(noon.timestamp(), noon.timestamp() + 3600) == "12:05"
    assert format_clock(noon.timestamp(), (noon + timedelta(days=1)).timestamp()) == "03-04 12:05"


def test_a_clock_out_of_range_is_unknown() -> None:
    assert format_clock(1e300) == UNKNOWN
    assert format_clock(datetime(2025, 3, 4, tzinfo=UTC).timestamp(), 1e300) == UNKNOWN
