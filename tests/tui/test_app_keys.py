"""Each key of the table does what its help says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.tui.drawing import pane_text
from tests.tui.feeds import FixedFeed
from tests.tui.keyboard import press
from tests.tui.states import sample_snapshot, sample_state, scalar_state, snapshot_of
from tuimon.analysis.smoothing import SMOOTHING_CYCLE
from tuimon.monitor.replay import Replay
from tuimon.monitor.snapshot import Playback
from tuimon.store.axis import Axis
from tuimon.tui.app import TuimonApp
from tuimon.tui.keys import KEYS
from tuimon.tui.plan import Plan
from tuimon.tui.view import View

SIZE = (120, 40)


@dataclass(frozen=True)
class Pressed:
    """What is true after a key, pressed after others in a run that is open; before the key it is not."""

    key: str
    holds: Callable[[TuimonApp], bool]
    after: tuple[str, ...] = ()
    run: str = "healthy"


def plan(app: TuimonApp) -> Plan:
    assert app.picture is not None
    return app.picture.plan


def placed(app: TuimonApp, pane: str) -> bool:
    return pane in plan(app).panes


def width(app: TuimonApp, pane: str) -> int:
    return plan(app).panes[pane].width


def height(app: TuimonApp, pane: str) -> int:
    return plan(app).panes[pane].height


def chart(app: TuimonApp) -> int:
    """The chosen chart."""
    return app.view.line("charts")


def last_chart(app: TuimonApp) -> int:
    assert app.picture is not None
    return len(app.picture.specs) - 1


def zoomed(app: TuimonApp) -> tuple[float, float]:
    """The zoomed window; (0, 0) when all is shown."""
    return app.view.window or (0.0, 0.0)


def zoomed_by(app: TuimonApp) -> float:
    return zoomed(app)[1] - zoomed(app)[0]


def said(app: TuimonApp, text: str) -> bool:
    assert app.picture is not None
    return text in pane_text(app.picture, "footer")


def pane_of(app: TuimonApp, name: str) -> str:
    assert app.picture is not None
    return pane_text(app.picture, name)


def tags(app: TuimonApp) -> set[str]:
    assert app.picture is not None
    return {tag for spec in app.picture.specs for tag in spec.tags}


def first_tag(app: TuimonApp) -> str:
    assert app.picture is not None
    return app.picture.specs[0].tags[0]


def listed(app: TuimonApp) -> list[str]:
    assert app.picture is not None
    return [state.name for state in app.picture.runs]


def rescanned(app: TuimonApp) -> bool:
    assert isinstance(app.feed, FixedFeed)
    return "rescan" in app.feed.asked


def playback(app: TuimonApp) -> Playback:
    position = app.feed.snapshot.playback
    assert position is not None
    return position


CASES = (
    Pressed("question_mark", lambda app: app.helping),
    Pressed("ctrl+s", lambda app: app.prompting == "save"),
    Pressed("Y", lambda app: said(app, "copied the charts into the clipboard")),
    Pressed("R", lambda app: rescanned(app) and said(app, "looking for new runs")),
    Pressed("tab", lambda app: app.view.focus == "hardware"),
    Pressed("shift+tab", lambda app: app.view.focus == "runs"),
    Pressed("1", lambda app: not plan(app).charts),
    Pressed("2", lambda app: not placed(app, "hardware")),
    Pressed("3", lambda app: not placed(app, "facts")),
    Pressed("4", lambda app: not placed(app, "log")),
    Pressed("v", lambda app: "Console" in pane_of(app, "log") and "no line" in pane_of(app, "log")),
    Pressed("I", lambda app: said(app, "this run logged no images")),  # with images: test_images.py
    Pressed("5", lambda app: not placed(app, "diagnosis")),
    Pressed("6", lambda app: not placed(app, "runs")),
    Pressed("left_curly_bracket", lambda app: width(app, "runs") < 26, after=("shift+tab",)),
    Pressed("right_curly_bracket", lambda app: width(app, "runs") > 26, after=("shift+tab",)),
    Pressed("left_parenthesis", lambda app: height(app, "diagnosis") > 5),
    Pressed("right_parenthesis", lambda app: height(app, "diagnosis") < 5),
    Pressed("0", lambda app: placed(app, "log") and app.view.columns == 0, after=("4", "c")),
    Pressed("j", lambda app: chart(app) == 1),
    Pressed("k", lambda app: chart(app) == 0, after=("j",)),
    Pressed("l", lambda app: chart(app) == 2, after=("j",)),
    Pressed("h", lambda app: chart(app) == 1, after=("j", "l")),
    Pressed("G", lambda app: chart(app) == last_chart(app)),
    Pressed("g", lambda app: chart(app) == 0, after=("G",)),
    Pressed("pagedown", lambda app: chart(app) == len(plan(app).charts)),
    Pressed("pageup", lambda app: chart(app) == 0, after=("pagedown",)),
    Pressed("i", lambda app: app.view.crosshair == 873),
    Pressed("enter", lambda app: app.view.full_chart and len(plan(app).charts) == 1),
    Pressed("slash", lambda app: app.prompting == "filter"),
    Pressed("s", lambda app: app.view.smoothing == SMOOTHING_CYCLE[1] and said(app, "smoothing: ema .9")),
    Pressed("S", lambda app: app.view.smoothing == SMOOTHING_CYCLE[-1] and said(app, "smoothing: off")),
    Pressed("y", lambda app: app.view.scale == "log" and said(app, "values: log")),
    Pressed("x", lambda app: app.view.axis is Axis.STEP and said(app, "x axis")),
    Pressed("plus", lambda app: 0 < zoomed_by(app) < 600),
    Pressed("minus", lambda app: zoomed_by(app) > 400, after=("plus", "plus")),
    Pressed("H", lambda app: 0 < zoomed(app)[1] < 800, after=("plus", "plus")),
    Pressed(
        "L",
        lambda app: zoomed(app)[1] > 870 and app.view.follow,
        after=("plus", "plus", "H"),
    ),
    Pressed("equals_sign", lambda app: zoomed_by(app) == 0, after=("plus",)),
    Pressed(
        "asterisk",
        lambda app: first_tag(app) == "Training/Gradient_Norm" and chart(app) == 0,
        after=("j", "l"),
    ),
    Pressed("m", lambda app: app.awaited == "mark" and said(app, "press a letter")),
    Pressed("apostrophe", lambda app: said(app, "nothing is marked yet")),
    Pressed("ampersand", lambda app: tags(app) == {"Training/Loss", "Validation/Loss"}, after=("asterisk",)),
    Pressed("F", lambda app: not app.view.follow and said(app, "stands still")),
    Pressed("c", lambda app: len({rect.x for rect in plan(app).charts}) == 1),
    Pressed("o", lambda app: app.view.clipped and "clipped" in pane_of(app, "chart0"), run="diverged"),
    Pressed("r", lambda app: len({rect.y for rect in plan(app).charts}) == 1),
    Pressed("z", lambda app: said(app, "folded") and not tags(app) & {"Training/Loss"}),
    Pressed("Z", lambda app: "Training/Loss" in tags(app), after=("z",)),
    Pressed("t", lambda app: not plan(app).charts and "findings" in pane_of(app, "runs")),
    Pressed("O", lambda app: listed(app)[0] == "resumed"),
    Pressed("f", lambda app: app.prompting == "runs"),
    Pressed("space", lambda app: app.view.compared == ("healthy",), after=("t",)),
    Pressed("p", lambda app: app.view.pinned == "healthy" and "P" in pane_of(app, "runs")),
    Pressed("e", lambda app: app.view.focus == "diagnosis", run="diverged"),
    Pressed("e", lambda app: app.view.explaining and bool(plan(app).charts), run="diverged", after=("t",)),
    Pressed("E", lambda app: app.view.line("diagnosis") == 8, after=("e",), run="diverged"),
    Pressed("A", lambda app: len(app.view.acknowledged) == 8 and said(app, "acknowledged: "), run="diverged"),
    Pressed("u", lambda app: app.view.paused and said(app, "PAUSED")),
    Pressed("colon", lambda app: app.prompting == "command"),
)
REPLAY_CASES = (
    Pressed("u", lambda app: playback(app).paused),
    Pressed("full_stop", lambda app: playback(app).step == 2 and playback(app).paused),
    Pressed("comma", lambda app: playback(app).step == 1, after=("full_stop",)),
    Pressed("greater_than_sign", lambda app: playback(app).speed == 0.002),
    Pressed("less_than_sign", lambda app: playback(app).speed == 0.001, after=("greater_than_sign",)),
    Pressed("w", lambda app: 10 < (playback(app).step or 0) < 25),
    Pressed("b", lambda app: (playback(app).step or 0) == 1, after=("w",)),
)
# Leaving, stepping back, painting anew and suspending have tests of their own, here or in the real terminal.
ELSEWHERE = {"q", "escape", "ctrl+l", "ctrl+z"}


def test_every_key_of_the_table_is_pressed_here() -> None:
    pressed = {case.key for case in (*CASES, *REPLAY_CASES)} | ELSEWHERE
    assert {key.keys.split(",")[0] for key in KEYS} == pressed


async def test_every_key_does_what_its_help_says() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    wrong = []
    async with app.run_test(size=SIZE) as pilot:
        for case in CASES:
            app.view, app.helping = View(run_name=case.run), False
            app.draw()
            await press(pilot, *case.after)
            held = case.holds(app)
            await press(pilot, case.key)
            if held or not case.holds(app):
                wrong.append(case.key)
            if app.prompting is not None or app.awaited is not None:
                await press(pilot, "escape")
    assert wrong == []


async def test_x_goes_round_what_the_run_tells_and_says_what_it_does_not() -> None:
    losses = [3.0, 2.5, 2.2, 2.0]
    runs = (
        scalar_state({"loss": losses, "tokens_seen": [0.0, 1e6, 2e6, 3e6]}, name="counting"),
        scalar_state({"loss": losses}, name="silent"),
    )
    app = TuimonApp(FixedFeed(snapshot_of(*runs)), run_name="counting")
    async with app.run_test(size=SIZE) as pilot:
        seen = []
        for _ in range(5):
            await press(pilot, "x")
            seen.append(app.view.axis)
        assert seen == [Axis.STEP, Axis.RELATIVE, Axis.WALL, Axis.TOKENS, None]
        await press(pilot, "x", "x", "x", "x")
        assert said(app, "x axis: tokens; there are no epochs logged")
        assert "3.0M" in pane_of(app, "chart0")
        await press(pilot, "colon", *"open", "space", *"silent", "enter")
        assert "no tokens counted" in pane_of(app, "chart0")
        await press(pilot, "x")
        assert app.view.axis is None
        await press(pilot, "x", "x", "x", "x")
        assert app.view.axis is None
        assert said(app, "x axis: steps; there are no epochs logged and no tokens counted")


@pytest.mark.parametrize("case", REPLAY_CASES, ids=lambda case: case.key)
async def test_key_of_a_replay(case: Pressed) -> None:
    app = TuimonApp(Replay(sample_state("diverged"), speed=0.001), run_name="diverged")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, *case.after)
        assert not case.holds(app)
        await press(pilot, case.key)
        assert case.holds(app)


async def test_all_names_of_a_key_do_the_same() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()))
    async with app.run_test(size=SIZE):
        bound = {name: active.binding.action for name, active in app.active_bindings.items()}
        for key in KEYS:
            assert {bound[name] for name in key.keys.split(",")} == {key.action}, key.keys
