from __future__ import annotations

import numpy as np
import pytest

from tests.analysis.findings.runs import RunLog, log_of, only, rules
from tuimon.analysis.findings.finding import Severity
from tuimon.core.columns import Float64Array


def rising(points: int, *, best: float = 0.9, noise: float = 0.015, seed: int = 0) -> Float64Array:
    x = np.arange(points) / points
    return best * (1.0 - np.exp(-8.0 * x)) + noise * np.random.default_rng(seed).standard_normal(points)


def test_an_accuracy_that_collapses_is_critical() -> None:
    accuracy = rising(300)
    accuracy[150:] *= 0.4
    found = only(log_of("accuracy", accuracy).findings(), "metric_collapse")
    assert found.severity is Severity.CRITICAL
    assert found.step is not None
    assert 1500 < found.step < 1600
    assert found.message.startswith("accuracy fell to 0.")
    assert found.open


def test_a_milder_fall_is_a_warning_and_may_recover() -> None:
    accuracy = 0.6 + rising(400, best=0.3)
    accuracy[150:250] -= 0.15
    found = only(log_of("accuracy", accuracy).findings(), "metric_collapse")
    assert found.severity is Severity.WARNING
    assert not found.open


def test_few_evaluations_are_enough() -> None:
    log = RunLog()
    for value in (0.3, 0.5, 0.6, 0.65, 0.7, 0.71, 0.72, 0.3, 0.28, 0.31, 0.3):
        log.train({"lr": 1e-3})
        log.evaluate({"eval_accuracy": value})
    assert only(log.findings(), "metric_collapse").step == 100


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("rising", rising(300)),
        ("noisy", rising(300, noise=0.12, seed=1)),
        ("a small part of its range", rising(300) - 0.13 * (np.arange(300) > 200)),
        ("one bad stretch of points", np.where(np.isin(np.arange(300), (150, 151, 152)), 0.1, rising(300))),
        ("a return around zero", 5.0 * np.random.default_rng(2).standard_normal(300)),
        ("constant", np.full(200, 0.5)),
    ],
)
def test_what_is_no_collapse(name: str, values: Float64Array) -> None:
    assert log_of("reward", values).findings() == (), name


def test_a_loss_has_no_collapse() -> None:
    assert "metric_collapse" not in rules(log_of("loss", 3.0 - rising(300)).findings())


def test_a_resume_at_an_earlier_step_is_no_collapse() -> None:
    log, reward = RunLog(), 300.0 / (1.0 + np.exp(-(np.arange(300) - 120) / 8.0))
    for at in [*range(135), *range(100, 300)]:
        log.train({"reward": reward[at]}, step=10 * at)
    assert rules(log.findings(total_steps=3000)) == ["restart_detected"]
