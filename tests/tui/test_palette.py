"""Every action can be found by what it does, chosen with the arrows, and run."""

from __future__ import annotations

import pytest
from textual.events import Key
from textual.widgets import Input

from tests.tui.drawing import pane_text
from tests.tui.feeds import FixedFeed
from tests.tui.keyboard import press
from tests.tui.states import sample_snapshot
from tuimon.tui.app import TuimonApp
from tuimon.tui.keys import KEYS
from tuimon.tui.palette import COMMANDS, TYPED, matching

SIZE = (120, 40)


def test_every_key_is_in_the_palette() -> None:
    actions = {key.action for key in KEYS} - {"command"}
    assert {command.action for command in COMMANDS} - {""} == actions


def test_commands_are_found_by_name_and_by_what_they_do() -> None:
    assert matching("") == COMMANDS
    assert matching("smooth")[0].action == "smooth(1)"
    assert [command.action for command in matching("logarithmic symmetric")] == ["scale"]
    assert [command.name for command in matching("GOTO 12")] == ["goto"]
    assert matching("nothing like it") == ()
    assert all(matching(command.name) for command in TYPED)


async def test_a_command_is_chosen_with_the_arrows_and_run() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "colon", *"smooth")
        assert app.picture is not None
        text = pane_text(app.picture, "palette")
        assert ">smooth " in text
        assert "smooth back" in text
        await press(pilot, "down", "enter")
        assert "smoothing: off" in pane_text(app.picture, "footer")
        assert app.picture.plan.charts


async def test_the_palette_acts_on_what_was_on_the_screen_before() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "colon", *"next", "space", *"pane", "enter")
        assert app.view.focus == "hardware"
        await press(pilot, "colon", *"sort", "space", *"best", "enter")
        assert app.view.run_order == "best"


async def test_esc_closes_it_and_nothing_has_happened() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        before = app.view.smoothing
        await press(pilot, "colon", *"smooth", "escape")
        assert app.view.smoothing == before
        assert app.picture is not None
        assert app.picture.plan.charts


async def test_every_action_can_be_chosen_and_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    ran: list[str] = []

    async def note(action: str, *_: object) -> bool:
        ran.append(action)
        return True

    async with app.run_test(size=(60, 12)):
        monkeypatch.setattr(app, "run_action", note)
        wanted = [command for command in COMMANDS if command.action]
        for command in wanted:
            await app.action_command()
            # A command that is typed with its value hides those that begin with its name.
            hidden = command not in matching(command.name)
            text = " ".join(command.help.split()[-4:]) if hidden else command.name
            app.query_one("#prompt", Input).value = text
            app.view.cursor["palette"] = matching(text).index(command)
            await app.type_key(Key("enter", None))
    assert ran == [command.action for command in wanted]
