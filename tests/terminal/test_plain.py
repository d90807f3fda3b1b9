"""Terminals that can do little, no terminal at all, other locales, and no colour."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.terminal.conftest import READ, SAMPLE_RUNS, Watch
from tests.terminal.terminal import assert_restored, environment, tuimon

NAMES = ("diverged", "healthy", "huggingface", "overfit", "resumed")


def colours(sent: bytes) -> set[bytes]:
    """The colour codes among what was sent: a parameter of SGR that chooses a fore- or background."""
    found = set()
    for parameters in re.findall(rb"\x1b\[([0-9;:]*)m", sent):
        numbers = [int(number) for number in re.split(rb"[;:]", parameters) if number]
        if any(30 <= n <= 38 or 40 <= n <= 48 or 90 <= n <= 107 for n in numbers):
            found.add(parameters)
    return found


def test_a_dumb_terminal_gets_plain_lines(watch: Watch) -> None:
    terminal = watch(SAMPLE_RUNS, TERM="dumb")
    assert terminal.wait_for_end() == 0
    assert b"\x1b" not in terminal.sent
    assert all(name.encode() in terminal.sent for name in NAMES)


def test_a_pipe_gets_plain_lines_on_standard_output_and_the_reason_elsewhere(tmp_path: Path) -> None:
    done = subprocess.run(
        tuimon("watch", str(SAMPLE_RUNS)),
        env=environment(tmp_path / "home"),
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert b"\x1b" not in done.stdout + done.stderr
    assert all(name.encode() in done.stdout for name in NAMES)
    assert b"no terminal" in done.stderr
    assert b"no terminal" not in done.stdout


@pytest.mark.parametrize("arguments", [("missing",), ()])
def test_a_pipe_and_nothing_to_see(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        tuimon("watch", *arguments),
        env=environment(tmp_path / "home"),
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert done.stdout == b""
    assert b"tuimon: " in done.stderr


def test_a_locale_without_unicode_gets_ascii_only(watch: Watch, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    (runs / "训练").mkdir(parents=True)
    lines = "".join(f'{{"step": {i}, "损失": {3 - i / 50}}}\n' for i in range(1, 100))
    (runs / "训练" / "metrics.jsonl").write_text(lines, encoding="utf-8")
    for changes in ({"LC_ALL": "C"}, {"LC_ALL": "", "LANG": "POSIX"}):
        terminal = watch(runs, **changes)
        terminal.wait_for("Diagnosis", "????", "+---")
        terminal.settle()
        terminal.press("?")
        terminal.wait_for("Help")
        terminal.press("q")
        assert terminal.wait_for_end() == 0
        assert_restored(terminal)
        assert bytes(byte for byte in terminal.sent if byte > 0x7E) == b""


def test_ascii_by_option(watch: Watch) -> None:
    terminal = watch("--ascii", SAMPLE_RUNS)
    terminal.wait_for("Diagnosis", "overfit", "+---")
    terminal.settle()
    assert terminal.text.isascii()


@pytest.mark.parametrize("option", [True, False], ids=["--no-color", "NO_COLOR"])
def test_no_colour_code_is_sent(watch: Watch, *, option: bool) -> None:
    terminal = watch("--no-color", SAMPLE_RUNS) if option else watch(SAMPLE_RUNS, NO_COLOR="1")
    terminal.wait_for("Diagnosis", "overfit")
    terminal.press("/loss\r")
    terminal.settle()
    assert colours(bytes(terminal.sent)) == set()


def test_colours_are_sent_otherwise(watch: Watch) -> None:
    terminal = watch(SAMPLE_RUNS)
    terminal.wait_for("Diagnosis", "overfit")
    assert any(code.startswith(b"38;2;") for code in colours(bytes(terminal.sent)))


@pytest.mark.parametrize("term", ["xterm", "linux"])
def test_a_terminal_with_sixteen_colours_gets_its_own(watch: Watch, term: str) -> None:
    terminal = watch(SAMPLE_RUNS, TERM=term, COLORTERM="")
    terminal.wait_for("Diagnosis", "overfit")
    assert colours(bytes(terminal.sent))
    assert not any(b"38;2" in code or b"38;5" in code for code in colours(bytes(terminal.sent)))
    terminal.press("q")
    assert terminal.wait_for_end() == 0
    assert_restored(terminal)
    # The Linux console knows no title: it would print a part of what sets one.
    assert term != "linux" or b"\x1b]2;" not in terminal.sent


# How a terminal says how many colours it has, and what such a colour looks like in what is sent.
PALETTES: tuple[tuple[dict[str, str], bytes | None], ...] = (
    ({}, b"38;2;"),
    ({"COLORTERM": ""}, b"38;5;"),
    ({"TERM": "xterm", "COLORTERM": ""}, b"9"),
    ({"NO_COLOR": "1"}, None),
)


def test_any_number_of_colours_shows_the_same(watch: Watch) -> None:
    terminals = [watch(SAMPLE_RUNS, "--run", "diverged", **changes) for changes, _ in PALETTES]
    for terminal in terminals:
        terminal.wait_for(*READ[:-1], "9 findings", "error   the loss")
        terminal.settle()
    assert {terminal.text for terminal in terminals} == {terminals[0].text}
    for terminal, (_, code) in zip(terminals, PALETTES, strict=True):
        sent = colours(bytes(terminal.sent))
        assert any(code in each for each in sent) if code is not None else not sent


def test_without_mouse_the_terminal_keeps_it(watch: Watch) -> None:
    terminal = watch("--no-mouse", SAMPLE_RUNS)
    terminal.wait_for("Diagnosis", "overfit")
    assert b"\x1b[?1003h" not in terminal.sent
