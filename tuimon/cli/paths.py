"""What the commands have in common: paths, settings, output."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tuimon.core.text import clean

if TYPE_CHECKING:
    from tuimon.core.settings import Settings
    from tuimon.sources.naming import Root


def add_paths(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """Add the paths that a command looks at."""
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="+" if required else "*",
        help="folder with runs, a run's folder, or a file; - for standard input; NAME=PATH gives a run a name"
        + ("" if required else " (default: the current folder)"),
    )


def add_total(parser: argparse.ArgumentParser) -> None:
    """Add `--total`."""
    parser.add_argument(
        "--total", type=positive_count, metavar="STEPS", help="total number of steps, where no file tells it"
    )


def add_verify(parser: argparse.ArgumentParser) -> None:
    """Add `--verify`; absent, the setting decides."""
    parser.add_argument(
        "--verify",
        action="store_true",
        default=None,
        help="verify the checksum of every event record, and say which are damaged",
    )


def roots_of(paths: list[str]) -> list[Root]:
    """Return what to look at: by default the current folder."""
    from tuimon.sources.naming import parse_root

    return [parse_root(given) for given in paths or ["."]]


def settings_of(overrides: Mapping[str, object]) -> Settings:
    """Return the settings: command line over environment over project file over the user's file."""
    import os

    from tuimon.core.settings import load_settings

    given = {name: value for name, value in overrides.items() if value is not None}
    return load_settings(given, os.environ)


def shown(path: object) -> str:
    """Return a path as it may be printed."""
    return clean(str(path))


def tag_pattern(text: str) -> re.Pattern[str]:
    """Return the regular expression that an option is given."""
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no regular expression: {error}") from error


def positive_count(text: str) -> int:
    """Return a number of things that an option is given."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no positive whole number")
    return int(text)


def positive_seconds(text: str) -> float:
    """Return a number of seconds that an option is given."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no positive number of seconds")
    return seconds
