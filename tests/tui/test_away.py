"""Who comes back reads in one line what happened."""

from __future__ import annotations

from dataclasses import replace

from tests.tui.drawing import pane_text
from tests.tui.feeds import FixedFeed
from tests.tui.keyboard import press
from tests.tui.states import live_state, sample_state, snapshot_of
from tuimon.analysis.status import Status
from tuimon.tui.app import TuimonApp
from tuimon.tui.away import Absence, away_text, seen


def test_what_changed_is_said_and_what_did_not_is_not() -> None:
    before, after = live_state(steps=300), live_state(steps=400)
    text = away_text(seen(before), after, 2520.0)
    assert text.startswith("while you were away (42m00s): 100 steps")
    assert "best" in text
    assert "(was " in text
    assert "restart" not in text
    assert "now" not in text
    assert away_text(seen(before), before, 2520.0) == ""


def test_an_end_findings_and_restarts_are_said() -> None:
    state = sample_state("diverged")
    early = replace(state, findings=state.findings[:2], status=Status.RUNNING)
    text = away_text(seen(early), state, 3600.0)
    assert "now failed" in text
    assert f"{len(state.findings) - 2} new findings" in text
    resumed = sample_state("resumed")
    first = replace(resumed, run=replace(resumed.run, attempts=resumed.run.attempts[:1]))
    assert "2 restarts" in away_text(seen(first), resumed, 3600.0)


def test_another_run_is_nothing_to_compare_with() -> None:
    assert away_text(seen(sample_state("healthy")), sample_state("resumed"), 3600.0) == ""


def test_an_eta_that_moved_is_told() -> None:
    state = live_state(steps=300)
    finish = state.progress.finish_time
    assert finish is not None
    later = replace(state, progress=replace(state.progress, finish_time=finish + 1800.0))
    assert "ETA 30m00s later" in away_text(seen(state), later, 3600.0)


def test_a_short_absence_is_none() -> None:
    now = [0.0]
    absence = Absence(lambda: now[0])
    before, after = live_state(steps=300), live_state(steps=400)
    absence.begin(before)
    now[0] = 300.0
    assert absence.end(after) == ""
    absence.begin(before)
    now[0] = 600.0
    absence.begin(after)  # has left already
    now[0] = 1200.0
    assert "100 steps" in absence.end(after)
    assert absence.end(after) == ""


async def test_the_line_stands_in_the_footer_until_the_next_key() -> None:
    now = [0.0]
    feed = FixedFeed(snapshot_of(live_state(steps=300)))
    app = TuimonApp(feed)
    app._absence = Absence(lambda: now[0])
    async with app.run_test(size=(120, 40)) as pilot:
        app.on_app_blur()
        feed.show(snapshot_of(live_state(steps=400)))
        now[0] = 7200.0
        app.on_app_focus()
        assert app.picture is not None
        assert "while you were away (2h00m): 100 steps" in pane_text(app.picture, "footer")
        await press(pilot, "s")
        assert "away" not in pane_text(app.picture, "footer")
