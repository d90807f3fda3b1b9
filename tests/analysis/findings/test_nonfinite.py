from __future__ import annotations

import math

import pytest

from tests.analysis.findings.runs import RunLog, falling, log_of, only
from tuimon.analysis.findings.finding import FindingState, Severity


def test_nan_names_the_last_finite_value_and_the_gradient_norm() -> None:
    log = RunLog()
    for loss in falling(30).tolist():
        log.train({"train/loss": loss, "train/grad_norm": 812.0})
    log.train({"train/loss": math.nan, "train/grad_norm": 1.0})
    found = only(log.findings(), "nan_inf")
    assert found.series == "train/loss"
    assert found.severity is Severity.CRITICAL
    assert found.step == 310
    assert found.time == log.time
    assert found.message.startswith("loss became NaN at step 310 (last finite 1.667;")
    assert "gradient norm was 812" in found.message
    assert found.usual == pytest.approx(falling(30)[-1])
    assert found.causes
    assert found.remedies


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_infinity_counts(value: float) -> None:
    log = log_of("eval_loss", falling(3))
    log.train({"eval_loss": value})
    assert only(log.findings(), "nan_inf").message.startswith(f"eval loss became {'-' * (value < 0)}Inf")


def test_a_series_of_nan_only_says_so() -> None:
    assert "never was finite" in only(log_of("loss", falling(3) * math.nan).findings(), "nan_inf").message


def test_a_long_stretch_is_one_finding_that_is_counted() -> None:
    log = log_of("loss", falling(20))
    for _ in range(40):
        log.train({"loss": math.nan})
    found = only(log.findings(), "nan_inf")
    assert found.count == 40
    assert found.step == 210
    assert found.last_step == 600
    assert found.state is FindingState.OPEN


def test_twenty_finite_values_resolve_it() -> None:
    log = log_of("loss", falling(10))
    log.train({"loss": math.nan})
    for _ in range(19):
        log.train({"loss": 1.5})
    assert only(log.findings(), "nan_inf").open
    log.train({"loss": 1.5})
    found = only(log.findings(), "nan_inf")
    assert found.state is FindingState.RESOLVED
    assert found.resolved_step == log.step


def test_hardware_and_unknown_tags_may_be_nan() -> None:
    log = log_of("loss", falling(5))
    log.sample({"gpu.0.util": math.nan, "my/own_number": math.nan})
    log.train({"loss": 1.5})
    assert log.findings() == ()


def test_training_in_fp16_names_overflow_first() -> None:
    log = log_of("loss", falling(5))
    log.train({"loss": math.nan})
    assert log.engine(config={"fp16": True}).findings[0].causes[0] == "overflow in fp16"
    assert log.engine(config={"fp16": False}).findings[0].causes[0] != "overflow in fp16"
