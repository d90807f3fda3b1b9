from __future__ import annotations

import numpy as np
import pytest

from tests.analysis.findings.runs import RunLog, falling, level, log_of, only, rules
from tuimon.analysis.findings.catalog import FindingSettings
from tuimon.analysis.findings.finding import Severity
from tuimon.core.columns import Float64Array


def with_rate(loss: Float64Array, rate: Float64Array) -> RunLog:
    log = RunLog()
    for value, lr in zip(loss.tolist(), rate.tolist(), strict=True):
        log.train({"loss": value, "lr": lr})
    return log


def standing(points: int = 600, at: int = 150) -> Float64Array:
    loss = falling(points)
    loss[at:] = level(points - at, float(np.median(loss[at - 20 : at])))
    return loss


def test_a_loss_that_never_falls_is_found_early() -> None:
    found = only(log_of("loss", level(400, 2.3)).findings(total_steps=4000), "plateau")
    assert found.severity is Severity.WARNING
    assert found.step is not None
    assert found.step < 2400
    assert "+-" in found.message
    assert found.causes
    assert found.remedies


def test_a_loss_that_rises_is_not_said_to_improve() -> None:
    rising = level(400, 2.3) * np.linspace(1.0, 1.08, 400)
    found = only(log_of("loss", rising).findings(total_steps=4000), "plateau")
    assert found.message.startswith("loss rose ")
    assert "-" not in found.message.replace("+-", "")


def test_more_noise_needs_the_whole_run() -> None:
    found = only(log_of("loss", level(400, 2.3, noise=0.08)).findings(total_steps=6000), "plateau")
    assert "from the first quarter to the second half" in found.message


def test_a_loss_that_stops_falling_is_found() -> None:
    found = only(with_rate(standing(), np.full(600, 1e-3)).findings(total_steps=6000), "plateau")
    assert found.step is not None
    assert 1500 < found.step < 4800
    assert "over the last" in found.message


def test_without_a_known_length_it_may_have_arrived() -> None:
    found = only(with_rate(standing(), np.full(600, 1e-3)).findings(), "plateau")
    assert found.severity is Severity.INFO


@pytest.mark.parametrize("seed", range(6))
def test_a_healthy_run_has_none(seed: int) -> None:
    loss = falling(600, seed=seed, noise=0.03)
    assert with_rate(loss, np.full(600, 1e-3)).findings(total_steps=6000) == ()


def test_a_low_learning_rate_explains_it() -> None:
    rate = np.linspace(1e-3, 0.0, 600) ** 2 * 1e3
    rate[150:] *= 0.25
    assert with_rate(standing(), rate).findings(total_steps=6000) == ()


def test_warm_restarts_explain_it() -> None:
    rate = 1e-3 * (0.5 + 0.5 * np.cos(np.pi * (np.arange(600) % 60) / 60))
    assert with_rate(standing(), rate).findings(total_steps=6000) == ()


def test_a_falling_evaluation_loss_explains_it() -> None:
    log = RunLog()
    for at, loss in enumerate(standing().tolist()):
        log.train({"loss": loss, "lr": 1e-3})
        if at % 20 == 19:
            log.evaluate({"eval_loss": 3.0 - at / 600})
    assert "plateau" not in rules(log.findings(total_steps=6000))


def test_the_end_of_a_run_may_be_flat() -> None:
    loss = falling(600)
    loss[420:] = level(180, float(np.median(loss[400:420])))
    assert with_rate(loss, np.full(600, 1e-3)).findings(total_steps=6000) == ()


def test_noise_that_hides_the_answer_is_no_answer() -> None:
    assert log_of("loss", level(300, 2.0, noise=0.5)).findings(total_steps=3000) == ()


def test_a_small_run_that_never_falls_has_a_possible_plateau() -> None:
    found = only(log_of("loss", level(80, 2.3)).findings(total_steps=800), "plateau")
    assert found.severity is Severity.INFO
    assert found.message.startswith("possible plateau: ")


@pytest.mark.parametrize("seed", range(8))
def test_a_small_healthy_run_has_none(seed: int) -> None:
    loss = falling(80, seed=seed, noise=0.05, first=2.2, last=1.0)
    assert log_of("loss", loss).findings(total_steps=800) == ()


def test_it_resolves_when_the_loss_falls_again() -> None:
    loss = np.concatenate([standing(400, 100), level(400, 1.5) * np.linspace(1.2, 0.5, 400)])
    found = only(with_rate(loss, np.full(800, 1e-3)).findings(total_steps=12_000), "plateau")
    assert not found.open


def test_strict_counts_ten_points() -> None:
    found = log_of("loss", np.append(falling(30), np.full(12, 9.0))).findings(
        settings=FindingSettings().strict()
    )
    assert only(found, "plateau").message.endswith("in 10 points")
