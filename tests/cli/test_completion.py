"""What shells complete: every command, option and choice of the parsers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.commands import run
from tuimon.cli.completion_words import Command, commands_of
from tuimon.cli.main import COMMANDS, make_parser

SHELLS = ("bash", "zsh", "fish")


def script(shell: str) -> str:
    outcome = run("completion", shell)
    assert (outcome.code, outcome.err) == (0, "")
    return outcome.out


def command(name: str) -> Command:
    return next(each for each in commands_of(make_parser()) if each.name == name)


def replies(*words: str, folder: Path) -> list[str]:
    """Return what bash completes the last of some words to."""
    quoted = " ".join(f"'{word}'" for word in words)
    ask = f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _tuimon; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    ended = subprocess.run(
        ["bash", "--norc", "-c", f"{script('bash')}\n{ask}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert ended.stderr == ""
    return ended.stdout.split()


def test_the_words_are_those_of_the_parsers() -> None:
    assert tuple(each.name for each in commands_of(make_parser())) == COMMANDS
    export = command("export")
    (output,) = (option for option in export.options if "-o" in option.names)
    assert (output.names, output.is_path, output.takes_value) == (("-o", "--output"), True, True)
    (kind,) = (option for option in export.options if "--to" in option.names)
    assert kind.choices == ("csv", "jsonl", "parquet", "tfevents")
    (path,) = export.positionals
    assert (path.is_path, path.repeats) == (True, True)


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_option_and_choice_is_in_the_script(shell: str) -> None:
    text = script(shell)
    for each in commands_of(make_parser()):
        assert each.name in text
        for argument in each.arguments:
            for name in argument.names:
                spelt = (
                    name
                    if shell != "fish"
                    else f"-{'l' if name.startswith('--') else 's'} {name.lstrip('-')}"
                )
                assert spelt in text, (each.name, name)
            assert " ".join(argument.choices) in text


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_understands_the_script(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not here")
    path = tmp_path / "script"
    path.write_text(script(shell), encoding="utf-8")
    ended = subprocess.run([shell, "-n", path], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not here")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["sum"], ["summary"]),
        (["export", "--t"], ["--to", "--tag"]),
        (["export", "--to", "t"], ["tfevents"]),
        (["export", "--to", "=", "p"], ["parquet"]),
        (["export", "--to", "="], ["csv", "jsonl", "parquet", "tfevents"]),
        (["check", "--fail-on", "wa"], ["warning"]),
        (["completion", ""], list(SHELLS)),
        (["watch", "some"], []),
        (["export", "-o", "some"], []),
        (["nonsense", "--t"], []),
    ],
    ids=" ".join,
)
def test_bash_completes(words: list[str], expected: list[str], tmp_path: Path) -> None:
    assert replies("tuimon", *words, folder=tmp_path) == expected


def test_quotation_marks_in_help_do_not_end_a_text() -> None:
    for shell in ("zsh", "fish"):
        for line in script(shell).splitlines():
            bare = line.replace("'\\''", "").replace("\\'", "")
            assert line.startswith("#") or bare.count("'") % 2 == 0, line
