from __future__ import annotations

import numpy as np
import pytest

from tuimon.analysis.findings.climb import Ascent, Climb


def ascents(values: np.ndarray) -> list[Ascent]:
    climb = Climb(least_step=0.15, least_last=0.55)
    return [ascent for value in values.tolist() if climb.push(value) for ascent in climb.ascents()]


def test_a_straight_line_climbs() -> None:
    first = ascents(np.linspace(50.0, 80.0, 61)[:60])[0]
    assert first.readings == 48
    assert first.rise == pytest.approx(24.0)
    assert first.per_reading == pytest.approx(0.5)


def test_a_slow_line_climbs_over_longer_blocks_only() -> None:
    found = ascents(np.linspace(50.0, 60.0, 1000))
    assert found
    assert {ascent.readings for ascent in found} == {4 * 48, 4 * 192}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("level", np.full(600, 90.0)),
        ("noise", 90.0 + np.random.default_rng(0).standard_normal(600)),
        ("warm-up that saturates", 60.0 + 30.0 * (1.0 - np.exp(-np.arange(600) / 20.0))),
        ("falling", np.linspace(90.0, 50.0, 600)),
        ("one step up", np.where(np.arange(600) < 300, 60.0, 90.0)),
    ],
)
def test_what_is_no_climb(name: str, values: np.ndarray) -> None:
    assert ascents(values) == [], name


@pytest.mark.parametrize("period", range(5, 200, 13))
def test_a_saw_climbs_once_at_most(period: int) -> None:
    climb = Climb(least_step=0.15, least_last=0.55)
    for at in range(1200):
        if climb.push(70.0 + at % period * (10.0 / period)) and at > period + 60:
            # Its period and that of the blocks may beat against each other, but not for much.
            assert all(ascent.rise < 1.5 for ascent in climb.ascents()), at


def test_it_rests_on_a_flat_block() -> None:
    climb = Climb(least_step=0.15, least_last=0.55)
    for value in np.append(np.linspace(50.0, 80.0, 60), np.full(24, 80.0)).tolist():
        climb.push(value)
    assert climb.rests()
    climb.clear()
    assert climb.ascents() == ()
