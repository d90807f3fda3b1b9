from __future__ import annotations

import pytest

from tests.analysis.findings.runs import RunLog, only, rules
from tuimon.analysis.findings.finding import Finding, Severity
from tuimon.analysis.findings.schedule import Curve
from tuimon.core.batch import ConfigValue

TOTAL = 1000


def config(kind: str, **more: ConfigValue) -> dict[str, ConfigValue]:
    return {"args.lr_scheduler_type": kind, "args.learning_rate": 1e-3, "args.warmup_steps": 100, **more}


def follow(curve: Curve, given: dict[str, ConfigValue], *, total: int | None = TOTAL) -> tuple[Finding, ...]:
    log = RunLog()
    for step in range(10, 700, 10):
        log.train({"learning_rate": curve.at(step)}, step=step)
    return log.engine(total_steps=total, config=given).findings


def curve(kind: str, total: float = TOTAL) -> Curve:
    return Curve(kind, 1e-3, 100.0, total)


@pytest.mark.parametrize("kind", ["constant_with_warmup", "linear", "cosine"])
def test_a_rate_that_follows_its_schedule_is_fine(kind: str) -> None:
    assert follow(curve(kind), config(kind)) == ()


def test_a_schedule_of_another_length_is_found() -> None:
    found = only(follow(curve("linear", 500), config("linear")), "lr_schedule_mismatch")
    assert found.severity is Severity.INFO
    assert "(linear)" in found.message


def test_another_schedule_is_found() -> None:
    assert "lr_schedule_mismatch" in rules(follow(curve("constant_with_warmup"), config("cosine")))


@pytest.mark.parametrize(
    ("given", "total"),
    [
        ({}, TOTAL),
        (config("polynomial"), TOTAL),
        (config("linear"), None),
        (config("cosine", lr_scheduler_kwargs="{'num_cycles': 3}"), TOTAL),
        ({"lr_scheduler_type": "linear"}, TOTAL),
        ({"lr_scheduler_type": "linear", "learning_rate": "1e-3"}, TOTAL),
    ],
)
def test_what_is_not_fully_configured_is_not_judged(given: dict[str, ConfigValue], total: int | None) -> None:
    assert "lr_schedule_mismatch" not in rules(follow(curve("constant"), given, total=total))


def test_a_warm_up_may_be_a_share() -> None:
    given: dict[str, ConfigValue] = {
        "lr_scheduler_type": "SchedulerType.LINEAR",
        "learning_rate": 1e-3,
        "warmup_ratio": 0.1,
    }
    known = Curve.of(given, TOTAL)
    assert known == curve("linear")
    assert known.at(50) == pytest.approx(5e-4)
    assert known.at(TOTAL) == 0.0
