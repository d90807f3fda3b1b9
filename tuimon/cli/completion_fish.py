"""The script for fish."""

from __future__ import annotations

from collections.abc import Iterator

from tuimon.cli.completion_words import Argument, Command


def script(commands: tuple[Command, ...]) -> str:
    """Return a script that fish can source."""
    return "\n".join(_lines(commands)) + "\n"


def _lines(commands: tuple[Command, ...]) -> Iterator[str]:
    yield "# Completes tuimon in fish. Put into ~/.config/fish/config.fish:  tuimon completion fish | source"
    for command in commands:
        yield f"complete -c tuimon -n __fish_use_subcommand -a {command.name} -d {_quoted(command.help)}"
    for command in commands:
        begin = f"complete -c tuimon -n '__fish_seen_subcommand_from {command.name}'"
        for argument in command.positionals:
            if argument.choices:
                yield f"{begin} -f -a {_quoted(' '.join(argument.choices))}"
        for option in command.options:
            names = " ".join(_name(name) for name in option.names)
            yield f"{begin} {names}{_value(option)} -d {_quoted(option.help)}"


def _name(name: str) -> str:
    return f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}"


def _value(option: Argument) -> str:
    """Return that a value follows, and which: `-x` for no names of files, `-r` for these."""
    if option.choices:
        return f" -x -a {_quoted(' '.join(option.choices))}"
    if not option.takes_value:
        return ""
    return " -r" if option.is_path else " -x"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
