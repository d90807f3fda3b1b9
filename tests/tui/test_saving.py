"""What `ctrl+s` writes and where, and what `Y` copies."""

from __future__ import annotations

import base64
import os
import shutil
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.feeds import FixedFeed
from tests.tui.keyboard import press
from tests.tui.states import SAMPLE_RUNS, sample_snapshot, snapshot_of
from tuimon.alerts.clipboard import MOST_BYTES, copy
from tuimon.monitor.once import read_once
from tuimon.sources.naming import Root
from tuimon.tui.actions.saving import free_place
from tuimon.tui.app import TuimonApp

SIZE = (120, 40)


def app_on(run: str, memory: Path | None = None) -> TuimonApp:
    return TuimonApp(FixedFeed(sample_snapshot()), run_name=run, memory=memory)


def everything_below(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


async def saved_as(pilot: Pilot[int], name: str | Path) -> str:
    """Write into a file; return what the screen says of it."""
    app = pilot.app
    assert isinstance(app, TuimonApp)
    await press(pilot, "ctrl+s", "ctrl+u")
    app.paste(str(name))
    await press(pilot, "enter")
    await app.workers.wait_for_complete()
    return app.view.message


async def test_a_picture_of_the_charts_goes_where_it_was_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = app_on("healthy")
    async with app.run_test(size=SIZE) as pilot:
        for name in ("tuimon-healthy.svg", "tuimon-healthy-2.svg"):
            await press(pilot, "ctrl+s", "enter")
            await app.workers.wait_for_complete()
            assert app.view.message == f"written: {tmp_path / name}"
    assert ">Training/Loss and Validation/Loss" in (tmp_path / "tuimon-healthy.svg").read_text()


async def test_an_ending_alone_keeps_the_name(tmp_path: Path) -> None:
    app = app_on("healthy")
    async with app.run_test(size=SIZE) as pilot:
        assert await saved_as(pilot, ".txt") == f"written: {tmp_path / 'tuimon-healthy.txt'}"
        assert await saved_as(pilot, "mine.svg") == f"written: {tmp_path / 'mine.svg'}"


async def test_what_is_zoomed_and_chosen_is_what_is_written(tmp_path: Path) -> None:
    app = app_on("healthy")
    async with app.run_test(size=SIZE) as pilot:
        assert "written" in await saved_as(pilot, tmp_path / "all.svg")
        await press(pilot, "enter", "plus", "plus")  # one chart, its end
        assert "written" in await saved_as(pilot, tmp_path / "one.svg")
    whole, one = ((tmp_path / f"{name}.svg").read_text() for name in ("all", "one"))
    assert len(one) < len(whole) / 2
    assert ">0<" in whole
    assert ">0<" not in one


async def test_the_screen_is_written_as_text(tmp_path: Path) -> None:
    app = app_on("diverged")
    async with app.run_test(size=SIZE) as pilot:
        assert "written" in await saved_as(pilot, tmp_path / "screen.txt")
    lines = (tmp_path / "screen.txt").read_text().splitlines()
    assert len(lines) == SIZE[1] - 1 or len(lines) == SIZE[1]
    assert lines[0].startswith("✗ diverged")
    assert {len(line) for line in lines[2:-1]} == {SIZE[0]}


async def test_other_pictures_are_those_of_matplotlib(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    app = app_on("overfit")
    async with app.run_test(size=SIZE) as pilot:
        assert "written" in await saved_as(pilot, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"


async def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "there.svg").write_text("mine")
    folder = shutil.copytree(SAMPLE_RUNS / "overfit", tmp_path / "overfit")
    (state,) = read_once([Root(folder)]).runs
    app = TuimonApp(FixedFeed(snapshot_of(state)))
    before = everything_below(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        for name, why in (
            ("there.svg", "is there already"),
            ("a.gif", "no ending"),
            ("missing/a.svg", "its folder does not exist"),
            ("overfit/a.svg", "lies in the folder of a run"),
            ("overfit/a.txt", "lies in the folder of a run"),
        ):
            assert why in await saved_as(pilot, tmp_path / name)
    assert everything_below(tmp_path) == before
    assert (tmp_path / "there.svg").read_text() == "mine"


def test_no_place_beside_a_run_is_offered(tmp_path: Path) -> None:
    runs, state = tmp_path / "outputs", tmp_path / "state" / "tuimon"
    (runs / "a" / "logs").mkdir(parents=True)
    for folder in (runs, runs / "a", runs / "a" / "logs"):
        assert free_place("a", folder, [runs, runs / "a"], state).parent == state
    assert state.is_dir()
    assert free_place("a", tmp_path, [runs], state) == tmp_path / "tuimon-a.svg"
    assert free_place("../x/\x1b[2J y", tmp_path, [runs], state) == tmp_path / "tuimon-x-2J-y.svg"


async def copied(keys: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, run: str) -> tuple[str, str]:
    """Press keys and `Y`; return what was sent, decoded, and what the screen says."""
    monkeypatch.delenv("TMUX", raising=False)
    app, sent = app_on(run), list[str]()
    async with app.run_test(size=SIZE) as pilot:
        monkeypatch.setattr(app.announcer, "send", sent.append)
        await press(pilot, *keys, "Y")
        (sequence,) = sent
        assert sequence.startswith("\x1b]52;c;")
        assert sequence.endswith("\x07")
        return base64.b64decode(sequence[7:-1]).decode(), app.view.message


async def test_what_is_copied_is_what_the_pane_with_the_focus_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for keys, run, text, name in (
        ((), "healthy", "Training/Loss", "the charts"),
        (("i", "h"), "healthy", "cursor at", "the values at the cursor"),
        (("e",), "diverged", "What to do", "the finding"),
        (("t",), "diverged", f"{os.sep}diverged\n", "where the run is"),
        (("shift+tab",) * 3, "healthy", "run done", "the pane log"),
    ):
        found, said = await copied(keys, monkeypatch, run)
        assert text in found
        assert f"copied {name} into the clipboard" in said
        assert "\x1b" not in found
        assert "╭" not in found


async def test_values_at_the_cursor_are_a_line_for_each_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    text, _ = await copied(("i",), monkeypatch, "healthy")
    lines = text.splitlines()
    assert lines[0] == "healthy  cursor at step 873"
    assert "Training/Loss" in lines[1]
    assert all(line.strip() for line in lines)


def test_much_is_cut_and_stays_text() -> None:
    sent: list[str] = []
    copy("é" * MOST_BYTES, {}, sent.append)
    text = base64.b64decode(sent[0][7:-1]).decode()
    assert len(text) == MOST_BYTES // 2


def test_tmux_gets_it_as_a_buffer_and_without_its_program_as_sequences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "tmux"
    program.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/called\ncat >{tmp_path}/taken\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    sent: list[str] = []
    assert "tmux's buffer" in copy("a b", {"TMUX": "socket,1,0"}, sent.append)
    assert (tmp_path / "called").read_text() == "load-buffer -w -\n"
    assert (tmp_path / "taken").read_text() == "a b"
    assert sent == []
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert "OSC 52" in copy("a b", {"TMUX": "socket,1,0"}, sent.append)
    assert sent == ["\x1b]52;c;YSBi\x07\x1bPtmux;\x1b\x1b]52;c;YSBi\x07\x1b\\"]


async def test_where_nothing_is_said_nothing_is_copied() -> None:
    app = app_on("healthy")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "1", "Y")
        assert app.view.message == "there is nothing to copy here"
