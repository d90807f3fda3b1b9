"""What can be completed, read from the parsers."""

from __future__ import annotations

import argparse

from tuimon.core.frozen import frozen

# Metavars of values that are files or folders.
_PATHS = frozenset({"FILE", "PATH"})


@frozen
class Argument:
    """An option or a positional argument.

    Attributes:
        names: `-o`, `--output`; empty for a positional one.
        help: What it does.
        takes_value: Whether a value follows; always for a positional one.
        choices: The values there are; empty where anything goes.
        is_path: Whether the value is a file or folder.
        value: What the value is called.
        repeats: Whether a positional argument may be given again.
    """

    names: tuple[str, ...]
    help: str
    takes_value: bool
    choices: tuple[str, ...]
    is_path: bool
    value: str
    repeats: bool


@frozen
class Command:
    """A command with its arguments."""

    name: str
    help: str
    arguments: tuple[Argument, ...]

    @property
    def options(self) -> tuple[Argument, ...]:
        """The arguments that have names."""
        return tuple(each for each in self.arguments if each.names)

    @property
    def positionals(self) -> tuple[Argument, ...]:
        """The arguments without names."""
        return tuple(each for each in self.arguments if not each.names)


def commands_of(parser: argparse.ArgumentParser) -> tuple[Command, ...]:
    """Return the commands of a parser, in the order of its help."""
    found: list[Command] = []
    for action in parser._actions:  # noqa: SLF001 - argparse shows its arguments in no other way
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - the same
            for name, command in action.choices.items():
                arguments = tuple(map(_argument, command._actions))  # noqa: SLF001 - the same
                found.append(Command(name, command.description or "", arguments))
    return tuple(found)


def _argument(action: argparse.Action) -> Argument:
    value = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    return Argument(
        names=tuple(action.option_strings),
        help=(action.help or "").replace("%%", "%"),
        takes_value=action.nargs != 0,
        choices=tuple(map(str, action.choices or ())),
        is_path=value in _PATHS,
        value=value,
        repeats=action.nargs in ("*", "+"),
    )
