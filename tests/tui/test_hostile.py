"""Whatever a log holds, nothing that could drive the terminal comes out of any pane."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tui.drawing import drawn_panes
from tests.tui.states import NOW, batch, eight_gpus, make_state, sample_state, snapshot_of
from tuimon.core.batch import ConfigRecord, LifecycleRecord, Problem, TextRecord
from tuimon.core.text import clean
from tuimon.monitor.snapshot import RunState, Snapshot
from tuimon.tui.panes.hardware import Gauges, GpuGauge, hardware_rows
from tuimon.tui.picture import Painter
from tuimon.tui.view import PANES, View

# Clears the screen, sets the clipboard and the title, rings, moves the cursor; as C0 and as C1 controls,
# turned round by bidi marks, hidden by zero-width ones, broken by a lone surrogate.
HOSTILE = (
    "\x1b[2J\x1b]52;c;cHduZWQ=\x07\x1b]0;pwned\x07\r\n\t\b"
    "\x9b31m\x9d0;x\x9c\x7f\u202e\u2066\u200b\ufeff\udc80"
)
# Characters of every kind, the dangerous ones often.
TEXTS = st.text(
    st.one_of(st.sampled_from(HOSTILE), st.characters(), st.sampled_from("abc/_损失")),
    min_size=1,
    max_size=40,
)


def hostile_state(text: str) -> RunState:
    """A run that says `text` wherever a log can say something."""
    state = make_state(
        [
            ConfigRecord({text: text, "max_steps": 10}),
            batch(f"train/loss{text}", [3.0, 2.0, math.nan, 1.0]),
            batch("train/loss", [3.0, 2.0, math.inf, 1.0]),
            batch("eval/loss", [3.0, 2.0, 2.5, 4.0]),
            batch(text, [3.0, 2.0, 1.5, 1.0]),
            batch(f"fact{text}", [7.0]),
            batch(f"Memory/{text}", [7.0, 8.0]),
            batch(f"gpu.0.{text}", [7.0, 8.0]),
            LifecycleRecord("checkpoint", 3, 3, NOW, text),
            LifecycleRecord("error", 4, 4, NOW, text),
            LifecycleRecord("failed", 5, 4, NOW, text),
            TextRecord(text, 4, 4, NOW, text),
        ],
        name=f"run{text}",
        problems=[Problem(f"outputs/{text}", text, 12)],
    )
    worst = replace(
        sample_state("diverged").findings[0],
        series=text,
        message=text,
        causes=(text, text),
        remedies=(text,),
        rule="loss_spike",
    )
    return replace(state, findings=(*state.findings, worst))


def hostile_snapshot(text: str) -> Snapshot:
    others = {
        "roots": (Path(text.replace("\0", "\1")),),
        "problems": (Problem(text, text),),
        "hardware": (eight_gpus(),),
    }
    return snapshot_of(hostile_state(text), sample_state("overfit"), **others)


def views(text: str) -> Iterator[View]:
    """Every pane, the explanation of a finding, a full-screen chart, a message, a filter."""
    everything = dict.fromkeys(PANES, True)
    for explaining, full_chart in ((False, False), (True, False), (False, True)):
        yield View(
            run_name=f"run{text}",
            shown=everything,
            explaining=explaining,
            full_chart=full_chart,
            message=text,
        )
    yield View(run_name=f"run{text}", filter_text=text)
    yield View(run_name=f"run{text}", filter_text=f"nothing{text}$^")


def dangerous(snapshot: Snapshot, view: View, width: int, height: int, *, helping: bool = False) -> list[str]:
    """What a picture shows that `clean` would not let through."""
    glyphs = "braille" if width % 2 else "ascii"
    picture = Painter("ascii" if glyphs == "ascii" else "braille").paint(
        snapshot, view, width, height, helping=helping
    )
    return [
        f"{name}: {text!r}"
        for name, _, rows in drawn_panes(picture)
        for row in rows
        for text, _ in row
        if text != clean(text)
    ]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (121, 40), (201, 60), (41, 12)])
def test_no_pane_lets_a_control_character_out(width: int, height: int) -> None:
    snapshot = hostile_snapshot(HOSTILE)
    for view in views(HOSTILE):
        assert dangerous(snapshot, view, width, height) == []
        assert dangerous(snapshot, view, width, height, helping=True) == []


def test_no_waiting_screen_lets_one_out() -> None:
    empty = replace(hostile_snapshot(HOSTILE), runs=())
    for listing in (True, False):
        assert dangerous(replace(empty, listing=listing), View(), 121, 40) == []


@settings(max_examples=25)
@given(TEXTS)
def test_no_text_of_any_kind_breaks_a_row_or_lets_a_control_character_out(text: str) -> None:
    snapshot = hostile_snapshot(text)
    for view in views(text):
        assert dangerous(snapshot, view, 121, 60) == []


@pytest.mark.parametrize("width", [20, 40, 79, 120])
def test_names_of_gpus_and_notes_are_cut_to_the_row(width: int) -> None:
    gauge = GpuGauge("GPU0" * 9, 50.0, 1e9, 2e9, 60.0, 300.0, "throttled by heat" * 9, (1.0, None, 50.0))
    for row in hardware_rows(Gauges("this machine", (gauge,) * 3, ()), width, 4, "braille"):
        assert sum(len(text) for text, _ in row) == width


def test_the_screen_still_says_what_the_hostile_run_is() -> None:
    snapshot = hostile_snapshot(HOSTILE)
    picture = Painter("braille").paint(snapshot, View(run_name=f"run{HOSTILE}"), 121, 40)
    header = "".join(text for row in picture.panes["header"] for text, _ in row)
    assert "run�[2J�" in header
    assert "FAILED" in header
