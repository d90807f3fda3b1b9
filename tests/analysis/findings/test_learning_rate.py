from __future__ import annotations

import numpy as np
import pytest

from tests.analysis.findings.runs import log_of, only
from tuimon.core.columns import Float64Array

POINTS = 200
X = np.arange(POINTS) / POINTS
COSINE = 3e-4 * 0.5 * (1 + np.cos(np.pi * X))


def test_zero_in_mid_run_is_found_at_the_third_point() -> None:
    rate = COSINE.copy()
    rate[80:] = 0.0
    found = only(log_of("lr", rate).findings(total_steps=2000), "lr_anomaly")
    assert found.step == 830
    assert found.message.startswith(
        "learning rate is 0 while 58 % of steps remain (was 1.986e-4 at step 800)"
    )
    assert found.open


def test_a_schedule_that_is_over_long_before_the_run_is_found_after_ten_zeros() -> None:
    rate = np.append(np.linspace(1e-3, 1e-6, 80), np.zeros(120))
    found = only(log_of("lr", rate).findings(total_steps=2000), "lr_anomaly")
    assert found.step == 900
    assert found.message == "learning rate is 0 while 55 % of steps remain (was 1e-6 at step 800)"
    assert log_of("lr", rate).findings() == ()  # nobody knows how long the run will be


def test_zero_after_a_step_decay_is_no_rounding() -> None:
    rate = np.repeat([1e-3, 1e-4, 0.0], [40, 40, 20])
    assert only(log_of("lr", rate).findings(), "lr_anomaly").step == 830


def test_a_rate_that_never_was_anything_is_found_after_ten_points() -> None:
    found = only(log_of("lr", np.zeros(40)).findings(), "lr_anomaly")
    assert found.step == 100
    assert "from the start" in found.message


def test_a_jump_above_the_peak_is_found_and_ends_when_it_is_back() -> None:
    rate = COSINE.copy()
    rate[100:150] = 3e-3
    found = only(log_of("lr", rate).findings(), "lr_anomaly")
    assert found.step == 1010
    assert "10.0x its peak" in found.message
    assert found.resolved_step == 1550


@pytest.mark.parametrize(
    ("name", "rate"),
    [
        ("cosine to zero", np.append(COSINE, np.zeros(5))),
        ("linear to zero", np.append(np.linspace(1e-3, 1e-5, 195), np.zeros(5))),
        ("warm-up from zero", np.concatenate([np.linspace(0, 1e-3, 50), np.full(150, 1e-3)])),
        ("seldom logged warm-up", np.concatenate([[1e-6, 1e-4, 1e-3], np.full(150, 1e-3)])),
        ("steps down", 1e-3 * np.where(X < 0.4, 1, np.where(X < 0.7, 0.1, 0.01))),
        ("warm restarts", 1e-3 * (0.51 + 0.49 * np.cos(np.pi * (X * 4 % 1)))),
        ("logged with four decimals", np.round(COSINE, 4)),
        ("logged with four decimals, as float32", np.round(COSINE, 4).astype(np.float32).astype(np.float64)),
        ("two zeros", np.where((np.arange(POINTS) // 2) == 40, 0.0, 1e-3)),
        ("no number", np.full(POINTS, np.nan)),
    ],
)
def test_schedules_are_no_anomaly(name: str, rate: Float64Array) -> None:
    found = [f for f in log_of("lr", rate).findings(total_steps=2050) if f.rule == "lr_anomaly"]
    assert found == [], name


def test_zero_at_the_end_is_the_end() -> None:
    rate = np.full(200, 1e-3)
    rate[194:] = 0.0
    assert log_of("lr", rate).findings(total_steps=2000) == ()
