"""The line of a replay says where it is, how fast, and what happened on the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.tui.states import NOW, sample_state
from tuimon.charts.style import Glyphs
from tuimon.monitor.snapshot import Playback
from tuimon.tui.panes.scrubber import scrubber_row
from tuimon.tui.rows import row_width

START, END = NOW - 7200.0, NOW - 3600.0


def playback(position: float, **others: object) -> Playback:
    plain = Playback(speed=20.0, paused=False, position=position, start=START, end=END, step=12)
    return replace(plain, **others)  # type: ignore[arg-type]  # replace checks the names itself


def text(position: float, width: int = 80, glyphs: Glyphs = "ascii", **others: object) -> str:
    row = scrubber_row(playback(position, **others), None, width, glyphs)
    assert row_width(row) == width
    return "".join(part for part, _ in row)


def test_the_bar_fills_with_what_was_played() -> None:
    begun, half, ended = (text(START + 3600.0 * share).count("#") for share in (0.01, 0.5, 1.0))
    assert begun == 0
    assert abs(2 * half - ended) <= 2
    assert "20x" in text(START)
    assert "step 12" in text(START)
    assert "11:00 of 11:00" in text(END)


def test_a_pause_is_said_in_words() -> None:
    assert text(START, paused=True).startswith("paused")
    assert text(START).startswith("playing")


def test_findings_and_restarts_stand_where_they_happened() -> None:
    state = sample_state("resumed")
    times = [attempt.start_time for attempt in state.run.attempts]
    last = state.progress.last_time
    assert last is not None
    position = playback(last, start=times[0], end=last)
    row = "".join(part for part, _ in scrubber_row(position, state, 100, "ascii"))
    bar = row[row.index("[") + 1 : row.index("]")]
    expected = [int((time - times[0]) / (last - times[0]) * len(bar)) for time in times[1:]]
    assert [at for at, sign in enumerate(bar) if sign == "r"] == expected


@pytest.mark.parametrize("width", [1, 12, 40])
def test_any_width_is_filled(width: int) -> None:
    text(START + 10.0, width)
    text(START + 10.0, width, "braille")


def test_seconds_are_shown_where_no_times_were_logged() -> None:
    position = Playback(speed=1.0, paused=False, position=30.0, start=0.0, end=90.0, step=None)
    row = "".join(part for part, _ in scrubber_row(position, None, 60, "ascii"))
    assert "30s of 1m30s" in row
