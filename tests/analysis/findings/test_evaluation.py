from __future__ import annotations

import numpy as np
import pytest

from tests.analysis.findings.runs import RunLog, falling, level, only, rules
from tuimon.analysis.findings.finding import Severity
from tuimon.core.columns import Float64Array


def run(loss: Float64Array, evals: Float64Array, tag: str = "eval_loss") -> RunLog:
    """A run whose evaluations are spread evenly over its training lines."""
    log = RunLog()
    every = len(loss) // len(evals)
    for at, value in enumerate(loss.tolist()):
        log.train({"loss": value})
        if (at + 1) % every == 0:
            log.evaluate({tag: float(evals[(at + 1) // every - 1])})
    return log


def valley(count: int, at: int, rise: float, noise: float = 0.003) -> Float64Array:
    """Evaluation losses that fall until `at`, and then rise by `rise` in all."""
    steps = np.arange(count)
    curve = np.where(steps < at, 2.0 - 0.8 * steps / at, 1.2 * (1 + rise * (steps - at) / max(1, count - at)))
    return curve * (1 + noise * np.random.default_rng(0).standard_normal(count))


def test_overfitting_names_the_best_evaluation() -> None:
    found = only(run(falling(400, last=0.5), valley(20, 8, 0.5)).findings(), "overfitting")
    assert found.series == "eval_loss"
    assert found.severity is Severity.WARNING
    assert found.usual == pytest.approx(1.2, rel=0.02)
    assert "(step 1800)" in found.message
    assert "while the training loss fell" in found.message
    assert found.step is not None
    assert 1800 < found.step < 3000


def test_a_small_rise_late_is_found_too() -> None:
    assert "overfitting" in rules(run(falling(400, last=0.5), valley(20, 8, 0.12)).findings())


@pytest.mark.parametrize(
    ("name", "evals"),
    [
        ("falling", valley(20, 20, 0.0)),
        ("flat with an up-tick", np.append(valley(16, 15, 0.0), [1.21, 1.22, 1.225, 1.23])),
        ("noisy", level(20, 1.2, noise=0.04)),
        ("one bad evaluation", np.where(np.arange(20) == 12, 1.6, valley(20, 20, 0.0))),
    ],
)
def test_what_only_looks_like_it(name: str, evals: Float64Array) -> None:
    assert run(falling(400, last=0.5), evals).findings() == (), name


def test_a_curriculum_that_gets_harder_is_no_overfitting() -> None:
    jump = 1.0 + 0.4 * np.exp(-np.arange(200) / 40)
    loss, evals = falling(400, last=1.4), falling(40, last=1.4, noise=0.003)
    loss[200:] *= jump
    evals[20:] *= jump[::10] * np.linspace(1.05, 1.1, 20)
    assert "overfitting" not in rules(run(loss, evals).findings())


def test_a_curriculum_that_gets_easier_is_no_overfitting() -> None:
    loss, evals = falling(400), falling(40, noise=0.003)
    loss[199:] *= 0.65 * np.linspace(1.0, 1.12, 201)
    evals[19:] *= 0.65 * np.linspace(1.0, 1.15, 21)
    assert "overfitting" not in rules(run(loss, evals).findings())


def test_a_training_loss_that_rises_too_is_something_else() -> None:
    loss = falling(400) * np.concatenate([np.ones(200), np.linspace(1.0, 1.4, 200)])
    assert "overfitting" not in rules(run(loss, valley(20, 10, 0.5)).findings())


def test_it_resolves_near_the_best() -> None:
    evals = np.append(valley(16, 6, 0.6), [1.2, 1.19, 1.18, 1.18])
    found = only(run(falling(400, last=0.5), evals).findings(), "overfitting")
    assert found.resolved_step == 3400


def test_three_evaluations_of_a_small_run_are_enough_for_a_possible_one() -> None:
    loss = falling(80, first=2.2, last=0.4)
    found = only(run(loss, np.array([1.2, 1.27, 1.41])).findings(), "overfitting")
    assert found.severity is Severity.INFO
    assert found.message.startswith("possible overfitting: eval loss 1.41 is 18 % above its best 1.2")


@pytest.mark.parametrize("evals", [[1.2, 1.1, 1.05], [1.2, 1.21, 1.24], [1.2, 1.3, 1.25], [1.3, 1.2, 1.22]])
def test_three_ordinary_evaluations_are_no_finding(evals: list[float]) -> None:
    assert run(falling(80, first=2.2, last=0.4), np.array(evals)).findings() == ()


def test_one_training_loss_per_evaluation_is_enough() -> None:
    log = RunLog()
    for loss, value in zip(np.geomspace(1.1, 0.05, 20).tolist(), valley(20, 5, 1.0).tolist(), strict=True):
        log.train({"loss": loss})
        log.evaluate({"val_loss": value})
    found = only(log.findings(), "overfitting")
    assert found.step is not None
    assert 60 < found.step <= 100


def test_evaluations_that_stop_are_missed_until_the_next() -> None:
    log = run(falling(200), falling(10, noise=0.003))
    for loss in level(60, 1.6).tolist():
        log.train({"loss": loss})
    found = only(log.findings(), "eval_missing")
    assert found.step == 2000 + 310
    assert found.message == "no evaluation for 310 steps (usual: every 200)"
    assert found.open
    log.evaluate({"eval_loss": 1.6})
    assert not only(log.findings(), "eval_missing").open


def test_two_evaluations_make_no_habit_and_one_may_be_late() -> None:
    log = run(falling(40), np.array([2.0, 1.9]))
    for loss in level(100, 1.6).tolist():
        log.train({"loss": loss})
    assert "eval_missing" not in rules(log.findings())
    log = run(falling(200), falling(10, noise=0.003))
    for loss in level(30, 1.6).tolist():
        log.train({"loss": loss})
    assert log.findings(total_steps=10_000) == ()


def test_irregular_evaluations_are_waited_for_longer() -> None:
    log = RunLog()
    for gap in (10, 20, 10, 20, 10, 20, 27):
        for loss in level(gap, 1.6).tolist():
            log.train({"loss": loss})
        log.evaluate({"eval_loss": 1.6})
    assert "eval_missing" not in rules(log.findings())


def test_a_restart_starts_the_wait_again() -> None:
    log = run(falling(200), falling(10, noise=0.003))
    for loss in level(28, 1.6).tolist():
        log.train({"loss": loss})
    log.step -= 400
    for loss in level(28, 1.6).tolist():
        log.train({"loss": loss})
    assert "eval_missing" not in rules(log.findings())


def test_evaluations_that_do_not_come_back_after_a_restart_are_missed() -> None:
    log = run(falling(200), falling(10, noise=0.003))
    log.step -= 1000
    for loss in level(60, 1.6).tolist():
        log.train({"loss": loss})
    assert only(log.findings(total_steps=10_000), "eval_missing").step == 1010 + 310


def test_without_a_training_loss_nothing_is_said() -> None:
    log = RunLog()
    for value in valley(20, 8, 0.5).tolist():
        log.evaluate({"eval_loss": value})
    assert log.findings() == ()
