from __future__ import annotations

import numpy as np

from tests.analysis.findings.runs import RunLog, falling, level, only, rules
from tuimon.analysis.findings.finding import Severity
from tuimon.core.columns import Float64Array


def resumed(after: Float64Array) -> RunLog:
    log = RunLog()
    for loss in falling(200).tolist():
        log.train({"loss": loss})
    log.step -= 300
    log.time += 600.0
    for loss in after.tolist():
        log.train({"loss": loss})
    return log


def test_a_loss_that_is_higher_after_a_restart_is_a_regress() -> None:
    before = float(np.median(falling(200)[-25:]))
    found = only(resumed(level(60, 2.4)).findings(), "checkpoint_regress")
    assert found.severity is Severity.CRITICAL
    assert found.step == 1700 + 80
    assert found.usual == before
    assert found.message.startswith("resumed at step 1710 (was 2000); loss 2.4")
    assert found.open


def test_it_resolves_when_the_loss_is_back() -> None:
    log = resumed(np.append(level(40, 2.4), level(40, 1.6)))
    assert not only(log.findings(), "checkpoint_regress").open


def test_going_on_where_it_was_is_no_regress() -> None:
    assert rules(resumed(level(60, 1.68)).findings(total_steps=100_000)) == ["restart_detected"]


def test_a_loss_that_always_was_noisy_may_be_a_little_higher() -> None:
    log = RunLog()
    for loss in level(200, 1.6, noise=0.4).tolist():
        log.train({"loss": loss})
    log.step -= 300
    for loss in level(60, 2.1, noise=0.05).tolist():
        log.train({"loss": loss})
    assert "checkpoint_regress" not in rules(log.findings(total_steps=100_000))


def test_a_restart_at_the_very_beginning_is_no_regress() -> None:
    log = RunLog()
    for loss in (2.0, 1.9, 1.8):
        log.train({"loss": loss})
    log.step = 0
    for loss in level(30, 4.0).tolist():
        log.train({"loss": loss})
    assert "checkpoint_regress" not in rules(log.findings())


def test_a_series_that_begins_after_a_restart_tells_the_next_one() -> None:
    log, rates = RunLog(), {"lr": 1e-3}
    for lines, values in ((60, rates), (60, {**rates, "loss": 2.0}), (60, {**rates, "loss": 2.0})):
        for _ in range(lines):
            log.train(values)
        log.step -= 350
        log.time += 600.0
    found = [each for each in log.findings(total_steps=100_000) if each.rule == "restart_detected"]
    assert [(each.step, each.usual) for each in found] == [(260, 600.0), (510, 850.0)]
