"""What happened between two looks at a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.alerts.runs import START, broken, healthy, read, shown
from tests.watching import rows
from tuimon.alerts.alert import Alert, AlertKind, AlertTracker, alerts_between
from tuimon.alerts.document import alert_document, alert_text
from tuimon.alerts.herald import Herald
from tuimon.analysis.findings.finding import FindingState, Severity
from tuimon.analysis.status import Status
from tuimon.monitor.snapshot import Playback, RunState

NOW = START + 500


def between(before: RunState | None, after: RunState, since: float = 0.0) -> list[AlertKind]:
    return [alert.kind for alert in alerts_between(before, after, NOW, since=since)]


def test_nothing_happens_while_a_run_goes_on(tmp_path: Path) -> None:
    assert between(read(tmp_path, healthy(40)), read(tmp_path, healthy(60))) == []


def test_a_finding_opens_gets_worse_and_resolves_each_once(tmp_path: Path) -> None:
    before, after = read(tmp_path, healthy(40)), read(tmp_path, broken(40))
    assert between(before, after) == [AlertKind.FINDING]
    assert between(after, after) == []
    (finding,) = after.findings
    milder = replace(after, findings=(replace(finding, severity=Severity.INFO),))
    assert between(milder, after) == [AlertKind.FINDING]
    resolved = replace(after, findings=(replace(finding, state=FindingState.RESOLVED),))
    assert between(after, resolved) == [AlertKind.RESOLVED]
    assert between(before, resolved) == [AlertKind.FINDING, AlertKind.RESOLVED]


@pytest.mark.parametrize("status", [Status.FAILED, Status.STOPPED])
def test_an_end_before_the_end_is_a_failure_once(tmp_path: Path, status: Status) -> None:
    running = read(tmp_path, healthy(40))
    ended = replace(running, status=status)
    assert between(running, ended) == [AlertKind.FAILED]
    assert between(ended, replace(running, status=Status.FAILED)) == []
    assert between(ended, running) == []


def test_a_run_that_reaches_its_last_step_is_done(tmp_path: Path) -> None:
    before, after = read(tmp_path, healthy(40)), read(tmp_path, healthy(1001))
    assert after.status is Status.DONE
    assert between(before, after) == [AlertKind.DONE]


def test_a_better_evaluation_is_told_and_a_better_training_loss_is_not(tmp_path: Path) -> None:
    def evaluated(*losses: float) -> RunState:
        lines = [{"step": 10 * i, "time": START + 10 * i, "eval_loss": x} for i, x in enumerate(losses, 1)]
        return read(tmp_path, [*healthy(5), *lines])

    worse, better = evaluated(2.0, 2.5), evaluated(2.0, 2.5, 1.5)
    assert between(evaluated(2.0), worse) == []
    assert between(worse, better) == [AlertKind.BEST]
    (alert,) = alerts_between(worse, better, NOW, since=0.0)
    assert alert_text(alert) == "alpha: new best eval_loss 1.5 at step 30"


def test_what_was_there_before_anybody_looked_is_not_told(tmp_path: Path) -> None:
    state = replace(read(tmp_path, broken(40)), status=Status.FAILED)
    assert between(None, state, since=START + 1000) == []
    assert between(None, state, since=START) == [AlertKind.FINDING, AlertKind.FAILED]


def test_a_run_counts_when_all_of_it_was_seen_by_the_rules(tmp_path: Path) -> None:
    before, after = read(tmp_path, healthy(40)), read(tmp_path, broken(40))
    late = AlertTracker(since=START + 1000)
    assert late.look(shown(replace(after, findings=(), checked=False))) == ()
    assert late.look(shown(after)) == ()
    tracker = AlertTracker(since=START + 1000)
    assert tracker.look(shown(before)) == ()
    assert tracker.look(shown(replace(after, findings=(), checked=False))) == ()
    assert [alert.kind for alert in tracker.look(shown(after))] == [AlertKind.FINDING]
    assert tracker.look(shown(after)) == ()


def test_what_a_person_acknowledged_is_told_no_more(tmp_path: Path) -> None:
    before, after = read(tmp_path, healthy(40)), read(tmp_path, broken(40))
    (finding,) = after.findings
    worse = replace(after, findings=(replace(finding, severity=Severity.INFO),))
    for known, told in (
        ((), [AlertKind.FINDING]),
        ({("alpha", finding.id)}, []),
        ({("beta", "a:b:1")}, [AlertKind.FINDING]),
    ):
        herald = Herald(START + 1000, {})
        assert herald.look(shown(before)) == ()
        assert [a.kind for a in herald.look(shown(worse))] == [AlertKind.FINDING]
        assert [a.kind for a in herald.look(shown(after), known)] == told


def test_a_replay_tells_nobody(tmp_path: Path) -> None:
    tracker = AlertTracker(since=0.0)
    playback = Playback(1.0, paused=False, position=0.0, start=0.0, end=1.0, step=1)
    for state in (read(tmp_path, healthy(40)), read(tmp_path, broken(40))):
        assert tracker.look(replace(shown(state), playback=playback)) == ()


def test_the_document_of_an_alert_says_what_a_script_needs(tmp_path: Path) -> None:
    before, after = read(tmp_path, healthy(40)), read(tmp_path, broken(40))
    (alert,) = alerts_between(before, after, NOW, since=0.0)
    document = alert_document(alert)
    assert (document["event"], document["run"], document["step"], document["loss"]) == (
        "finding",
        "alpha",
        40,
        "NaN",
    )
    finding = document["finding"]
    assert isinstance(finding, dict)
    assert (finding["rule"], finding["severity"], finding["state"]) == ("nan_inf", "critical", "open")
    assert document["message"] == f"alpha: critical nan_inf at step 40: {finding['message']}"


def test_text_of_a_run_cannot_drive_what_shows_an_alert(tmp_path: Path) -> None:
    state = replace(read(tmp_path, rows(range(1, 5))), name="a\x1b]2;x\x07\nb")
    assert alert_text(Alert(AlertKind.DONE, state, NOW)).isprintable()
