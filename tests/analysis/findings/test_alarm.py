from __future__ import annotations

import pytest

from tuimon.analysis.findings.finding import FindingState, Severity
from tuimon.analysis.findings.frame import Alarm, Evidence, Ledger, Rule
from tuimon.analysis.findings.timeline import Timeline


class Anything(Rule[None]):
    name = "anything"
    severity = Severity.WARNING
    causes = ("a cause",)
    remedies = ("a remedy",)


@pytest.fixture
def rule() -> Anything:
    return Anything(Timeline(), Ledger(), "run", None)


def seen() -> Evidence:
    return Evidence(value=1.0, usual=None, message="seen")


def test_an_alarm_is_awake_from_the_first_hit_to_the_last_miss_that_means_anything(rule: Anything) -> None:
    alarm = Alarm(rule, hold=2, clear=2)
    assert not alarm.awake
    alarm.hit(seen)
    assert alarm.awake
    alarm.miss()
    assert not alarm.awake
    alarm.hit(seen)
    alarm.hit(seen)
    assert alarm.is_open
    alarm.miss()
    assert alarm.awake
    alarm.miss()
    assert not alarm.awake
    assert not alarm.is_open


def test_training_lines_are_misses_of_an_alarm_about_events(rule: Anything) -> None:
    alarm = Alarm(rule, clear=3, by_lines=True)
    alarm.hit(seen)
    rule.ledger.line()
    alarm.hit(seen)
    rule.ledger.line()
    rule.ledger.line()
    assert alarm.is_open
    rule.ledger.line()
    assert rule.ledger.findings[0].state is FindingState.RESOLVED


def test_an_alarm_that_was_resolved_and_rings_again_counts_each_line_once(rule: Anything) -> None:
    alarm = Alarm(rule, clear=2, by_lines=True)
    alarm.hit(seen)
    alarm.resolve()
    alarm.hit(seen)
    rule.ledger.line()
    assert alarm.is_open
    rule.ledger.line()
    assert not alarm.is_open
