"""The page of commands, `--help` and the parser say the same."""

from __future__ import annotations

import argparse
import itertools
import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from tests.commands import SAMPLES, run
from tuimon.cli.main import COMMANDS, command_module, make_parser
from tuimon.core import errors
from tuimon.core.settings import TABLE, defaults

PAGE = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
PROGRAM = Path(command_module("watch").__file__ or "").parents[1]
EXAMPLE_FOLDER = "outputs"


def section(title: str) -> str:
    """Return the part of the page below a heading."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(text: str) -> list[tuple[str, ...]]:
    """Return the cells of the rows of the tables in a text, without their headings."""
    lines = [*text.splitlines(), ""]
    cells = [
        line
        for line, below in itertools.pairwise(lines)
        if line.startswith("| ") and not below.startswith("|--")
    ]
    return [tuple(line[2:-2].split(" | ")) for line in cells]


def command_parser(name: str) -> argparse.ArgumentParser:
    (commands,) = (a for a in make_parser()._actions if isinstance(a, argparse._SubParsersAction))
    parser = commands.choices[name]
    assert isinstance(parser, argparse.ArgumentParser)
    return parser


def documented(action: argparse.Action) -> tuple[str, str]:
    """Return how a row of the page describes an argument."""
    value = " ".join(action.metavar) if isinstance(action.metavar, tuple) else action.metavar
    value = value or action.dest.upper()
    takes_value = action.nargs != 0
    names = [f"`{name} {value}`" if takes_value else f"`{name}`" for name in action.option_strings]
    choices = f"; one of {', '.join(action.choices)}" if action.choices and not action.metavar else ""
    positional = f"`{value}…`" if action.nargs in ("*", "+") else f"`{value}`"
    return ", ".join(names) or positional, f"{action.help}{choices}"


def test_the_page_has_every_command_in_the_order_of_the_help() -> None:
    assert tuple(re.findall(r"^## tuimon (\w+)$", PAGE, flags=re.MULTILINE)) == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_has_summary_example_and_every_argument_of_a_command(name: str) -> None:
    text, module = section(f"tuimon {name}"), command_module(name)
    assert text.startswith(f"\n{module.SUMMARY}\n")
    assert f"\n```\n{module.EXAMPLE}\n```\n" in text
    actions = [a for a in command_parser(name)._actions if not isinstance(a, argparse._HelpAction)]
    assert rows(text) == [documented(action) for action in actions]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_shows_example_options_and_exit_codes(name: str) -> None:
    outcome = run(name, "--help")
    assert (outcome.code, outcome.err) == (0, "")
    assert f"example: {command_module(name).EXAMPLE}\n" in outcome.out
    assert "exit codes: 0 fine" in outcome.out
    for action in command_parser(name)._actions:
        assert all(option in outcome.out for option in action.option_strings)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_of_a_command_works(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / EXAMPLE_FOLDER).symlink_to(SAMPLES)
    (tmp_path / SAMPLES.name).symlink_to(SAMPLES)
    (tmp_path / "train.py").write_text("print('step 1 | loss 2.5')")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    program, command, *arguments = shlex.split(command_module(name).EXAMPLE)
    assert (program, command) == ("tuimon", name)
    outcome = run(command, *arguments)
    if name in ("replay", "demo"):  # the rest of these is tested on a terminal
        assert "needs a terminal" in outcome.err
    elif name == "record":  # its command prints past this process
        assert (outcome.code, (tmp_path / "first.jsonl").exists()) == (0, True)
    else:
        assert outcome.code == (4 if name == "check" else 0)
        assert outcome.out


def test_exit_codes_are_those_of_the_program() -> None:
    codes = {str(code) for name, code in vars(errors).items() if name.startswith("EXIT_")}
    documented_codes = {row[0] for row in rows(section("Exit codes"))}
    assert documented_codes == codes
    helped = re.sub(r"\s+", " ", run("--help").out).partition("exit codes: ")[2]
    assert {part.split()[0] for part in helped.split(", ")} == codes


def test_every_setting_that_does_something_is_documented_with_its_default() -> None:
    program = "".join(path.read_text(encoding="utf-8") for path in PROGRAM.rglob("*.py"))
    standard = defaults()
    expected = [
        (f"`{each.name}`", each.kind, _shown(standard[each.name]), each.help + _choices(each.choices))
        for each in TABLE
        if f"settings.{each.name}" in program
    ]
    assert len(expected) >= 7
    assert rows(section("Settings")) == expected


def _shown(value: object) -> str:
    if value is None or value == {}:
        return "-"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _choices(choices: tuple[str, ...]) -> str:
    return f"; one of {', '.join(choices)}" if choices else ""
