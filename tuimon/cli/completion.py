"""`tuimon completion`: what a shell needs to complete commands, options and their values."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from tuimon.cli.printing import print_lines
from tuimon.core.errors import EXIT_FINE

if TYPE_CHECKING:
    from tuimon.cli.completion_words import Command

SUMMARY = "Print a script that completes commands, options and values in a shell."
EXAMPLE = "tuimon completion bash"

_SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("shell", choices=_SHELLS, metavar="SHELL", help="bash, zsh or fish")


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from tuimon.cli import completion_bash, completion_fish, completion_zsh
    from tuimon.cli.completion_words import commands_of
    from tuimon.cli.main import make_parser

    scripts: dict[str, Callable[[tuple[Command, ...]], str]] = {
        "bash": completion_bash.script,
        "zsh": completion_zsh.script,
        "fish": completion_fish.script,
    }
    print_lines(scripts[args.shell](commands_of(make_parser())).splitlines())
    return EXIT_FINE
