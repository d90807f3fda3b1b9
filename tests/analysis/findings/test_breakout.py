from __future__ import annotations

import numpy as np
import pytest

from tuimon.analysis.findings.breakout import Breakout
from tuimon.analysis.findings.climb import Ascent

QUIET = np.full(100, 50.0)


def climbs(values: np.ndarray) -> list[tuple[int, Ascent]]:
    """What is found, with the number of readings until then."""
    breakout = Breakout(least_step=0.15, least_last=0.55)
    pushed = ((at, breakout.push(value)) for at, value in enumerate(values.tolist(), 1))
    return [(at, ascent) for at, ascent in pushed if ascent is not None]


def test_a_line_after_a_quiet_stretch_is_seen_within_twenty_readings() -> None:
    at, first = climbs(np.append(QUIET, np.linspace(50.0, 90.0, 81)))[0]
    assert 100 < at <= 120
    assert first.rise > 0
    assert first.per_reading == pytest.approx(0.5, rel=0.3)
    assert first.reaches(100.0, 50.0)
    assert not first.reaches(100.0, 1.0)


def test_a_slow_line_is_seen_over_longer_blocks() -> None:
    at, first = climbs(np.append(np.full(1000, 50.0), np.linspace(50.0, 60.0, 1000)))[0]
    assert 1030 < at < 1300
    assert first.per_reading == pytest.approx(0.01, rel=0.1)


def test_steps_at_even_distances_climb() -> None:
    found = climbs(np.append(QUIET, 50.0 + np.arange(120) // 15 * 5.0))
    assert found
    assert found[0][0] <= 100 + 60


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("quiet", np.full(600, 90.0)),
        ("a climb from the start", np.linspace(50.0, 90.0, 300)),
        ("one step up", np.append(QUIET, np.full(200, 70.0))),
        ("a warm-up that levels off", np.append(QUIET, 50.0 + 30.0 * (1.0 - np.exp(-np.arange(300) / 6.0)))),
        (
            "back to where it was",
            np.concatenate([np.full(100, 80.0), np.full(100, 50.0), np.linspace(50, 80, 60)]),
        ),
        ("a saw", 50.0 + np.arange(600) % 50 * 0.2),
        ("noise", 50.0 + np.random.default_rng(1).standard_normal(1000)),
    ],
)
def test_what_is_no_climb_after_a_quiet_stretch(name: str, values: np.ndarray) -> None:
    assert climbs(values) == [], name


def test_nothing_is_known_after_it_was_cleared() -> None:
    breakout = Breakout(least_step=0.15, least_last=0.55)
    for value in QUIET.tolist():
        breakout.push(value)
    breakout.clear()
    assert [breakout.push(value) for value in np.linspace(50, 60, 40).tolist()] == [None] * 40
