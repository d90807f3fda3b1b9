"""What the terminal is told: titles, bells, notifications."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.alerts.runs import START, broken, healthy, read, shown
from tuimon.alerts.herald import Herald, ScreenHerald
from tuimon.alerts.terminal import KEEP_TITLE, RESTORE_TITLE, has_title, notification, title
from tuimon.analysis.status import Status
from tuimon.monitor.snapshot import Playback

HOSTILE = "a\x07b\x1b]0;c\x9c\x1b\\d;e\u202e"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def herald(
    clock: Clock, *, with_title: bool = False, bell: bool = False, notify: str = "off"
) -> ScreenHerald:
    plain = Herald(START, {})
    return ScreenHerald(
        plain, with_title=with_title, bell=bell, notify=notify, environ={"TERM": "xterm"}, clock=clock
    )


@pytest.mark.parametrize("kind", ["osc9", "osc777"])
@pytest.mark.parametrize("environ", [{}, {"TMUX": "/tmux,1,0"}], ids=["plain", "tmux"])
def test_no_text_can_end_a_sequence_early_or_begin_another(kind: str, environ: dict[str, str]) -> None:
    sent = notification(HOSTILE, kind, environ)
    inner = sent.removeprefix("\x1bPtmux;").removesuffix("\x1b\\").replace("\x1b\x1b", "\x1b")
    assert sent.startswith("\x1bPtmux;\x1b\x1b]") == ("TMUX" in environ)
    assert inner[0] == "\x1b"
    assert inner[-1] == "\x07"
    assert inner[1:-1].isprintable()
    assert title(HOSTILE)[1:-1].isprintable()


def test_a_field_separator_stays_within_its_field() -> None:
    assert notification("a;b", "osc777", {}) == "\x1b]777;notify;tuimon;a,b\x07"
    assert notification("4;1;50", "osc9", {}) == "\x1b]9;tuimon: 4;1;50\x07"


@pytest.mark.parametrize(
    ("environ", "begin"),
    [
        ({"VTE_VERSION": "7600"}, "\x1b]777;"),
        ({"TERM": "foot"}, "\x1b]777;"),
        ({"TERM": "xterm-kitty"}, "\x1b]9;"),
    ],
)
def test_auto_speaks_what_the_terminal_knows(environ: dict[str, str], begin: str) -> None:
    assert notification("x", "auto", environ).startswith(begin)


def test_consoles_without_a_title_are_left_alone() -> None:
    assert not has_title({"TERM": "linux"})
    assert not has_title({})
    assert has_title({"TERM": "tmux-256color"})


def test_the_title_follows_the_open_run_and_is_given_back(tmp_path: Path) -> None:
    clock = Clock()
    teller = herald(clock, with_title=True)
    state = read(tmp_path, healthy(200))
    first = teller.look(shown(state), "alpha")
    assert first.startswith(f"{KEEP_TITLE}\x1b]2;")
    assert "alpha 19% loss 0.005" in first
    assert teller.look(shown(state), "alpha") == ""
    # A loss that moves waits; what matters does not.
    moved = read(tmp_path, healthy(260))
    assert teller.look(shown(moved), "alpha") == ""
    failed = teller.look(shown(replace(moved, status=Status.FAILED)), "alpha")
    assert failed.startswith("\x1b]2;✗ alpha 25%")
    clock.now += 60
    assert "●" in teller.look(shown(moved), "alpha")
    assert teller.farewell() == RESTORE_TITLE


def test_without_a_title_there_is_nothing_to_give_back(tmp_path: Path) -> None:
    teller = herald(Clock())
    assert teller.look(shown(read(tmp_path, healthy(200))), "alpha") == ""
    assert teller.farewell() == ""


def test_a_bell_rings_once_in_a_while_and_says_how_many_more(tmp_path: Path) -> None:
    clock = Clock()
    teller = herald(clock, bell=True, notify="osc9")
    before, after = read(tmp_path, healthy(40)), read(tmp_path, broken(40))
    assert teller.look(shown(before), "alpha") == ""
    noted = teller.look(shown(after), "alpha")
    assert noted.startswith("\x1b]9;tuimon: alpha: critical nan_inf at step 40")
    assert noted.endswith("\x07\x07")
    clock.now += 1
    assert teller.look(shown(replace(after, status=Status.FAILED)), "alpha") == ""
    clock.now += 60
    assert teller.look(shown(after), "alpha") == ""
    assert "alpha: failed at step 40 of 1000 (and 1 more)" in (
        teller.look(shown(replace(after, status=Status.FAILED)), "alpha").replace(" after 39s", "")
    )


def test_a_replay_changes_no_title(tmp_path: Path) -> None:
    teller = herald(Clock(), with_title=True, bell=True)
    playback = Playback(1.0, paused=False, position=0.0, start=0.0, end=1.0, step=1)
    snapshot = replace(shown(read(tmp_path, broken(40))), playback=playback)
    assert teller.look(snapshot, "alpha") == ""


def test_a_terminal_without_unicode_is_sent_none(tmp_path: Path) -> None:
    state = replace(read(tmp_path, healthy(200)), name="训练")
    plain = ScreenHerald(
        Herald(START, {}), with_title=True, bell=False, notify="off", ascii_only=True, environ={}
    )
    sent = plain.look(shown(state), "训练")
    assert sent.isascii()
    assert "* ?? 19%" in sent
