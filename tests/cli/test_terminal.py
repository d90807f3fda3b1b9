"""Whether printed text is coloured or plain ASCII: settings first, then the environment, then the stream."""

from __future__ import annotations

import io
import sys

import pytest

from tuimon.cli.terminal import wants_ascii, wants_colour
from tuimon.core.settings import Settings


class _Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def be_in_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", _Terminal(io.BytesIO(), "utf-8"))
    for name in ("NO_COLOR", "LC_ALL", "LC_CTYPE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("LANG", "en_US.UTF-8")


@pytest.mark.parametrize(
    ("setting", "name", "value", "wanted"),
    [
        (None, "TERM", "xterm", True),
        (None, "TERM", "dumb", False),
        (None, "NO_COLOR", "1", False),
        (None, "NO_COLOR", "", True),
        (True, "NO_COLOR", "1", True),
        (False, "TERM", "xterm", False),
    ],
)
def test_a_setting_counts_more_than_the_environment(
    *, setting: bool | None, name: str, value: str, wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_in_terminal(monkeypatch)
    monkeypatch.setenv(name, value)
    assert wants_colour(Settings(color=setting)) is wanted


def test_a_pipe_gets_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    be_in_terminal(monkeypatch)
    assert wants_colour(Settings())
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "utf-8"))
    assert not wants_colour(Settings())


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("LANG", "en_US.UTF-8", False),
        ("LANG", "C", True),
        ("LC_ALL", "de_DE.ISO-8859-1", True),
        ("TERM", "linux", True),
    ],
)
def test_what_cannot_show_more_gets_ascii(
    *, name: str, value: str, wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_in_terminal(monkeypatch)
    monkeypatch.setenv(name, value)
    assert wants_ascii(Settings()) is wanted
    assert wants_ascii(Settings(ascii=not wanted)) is not wanted
