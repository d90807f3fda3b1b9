"""What the commands have in common: paths, settings, output."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tuimon.core.text import clean

if TYPE_CHECKING:
    from tuimon.analysis.findings.catalog import FindingSettings
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


def add_formats(parser: argparse.ArgumentParser) -> None:
    """Add `--format`."""
    parser.add_argument(
        "--format",
        metavar="[PATTERN=]FORMAT",
        action="append",
        default=[],
        help="what a PATH that is a file is, or what the files are whose name (or end of path) fits PATTERN, "
        "where the guess is wrong; none leaves them out; tuimon doctor names the formats",
    )


def add_strict(parser: argparse.ArgumentParser) -> None:
    """Add `--strict`; absent, the setting decides."""
    parser.add_argument(
        "--strict",
        action="store_true",
        default=None,
        help="find by simple literal rules, too: a loss that doubles, ten points that do not fall",
    )


def thresholds_of(settings: Settings) -> FindingSettings | None:
    """Return the thresholds of the rules; None where they are the defaults, which costs nothing to know."""
    if not settings.findings and not settings.strict:
        return None
    from tuimon.analysis.findings.thresholds import read_thresholds

    return read_thresholds(settings.findings, strict=settings.strict)


def roots_of(paths: list[str], formats: Sequence[str] = ()) -> list[Root]:
    """Return what to look at: by default the current folder.

    Args:
        paths: As given.
        formats: What the person says that files are (see `add_formats`); settings say so too.
    """
    from dataclasses import replace

    from tuimon.sources.naming import parse_root

    roots = [parse_root(given) for given in paths or ["."]]
    said = [_said(text) for text in formats]
    settings = settings_of({})
    said += [(pattern, name, "formats in tuimon.toml") for pattern, name in settings.formats.items()]
    if not said:
        return roots
    _check_formats(said)
    everywhere = [(pattern, name) for pattern, name, _ in said if pattern]
    for_files = [(pattern or "*", name) for pattern, name, _ in said]
    return [replace(r, formats=tuple(for_files if r.path.is_file() else everywhere)) for r in roots]


def _said(text: str) -> tuple[str, str, str]:
    pattern, _, name = text.rpartition("=")
    return pattern, name, "--format"


def _check_formats(said: list[tuple[str, str, str]]) -> None:
    from tuimon.core.errors import UsageError
    from tuimon.sources.registry import all_factories
    from tuimon.sources.sniffing import LEFT_OUT

    known = [*(factory.format for factory in all_factories()), LEFT_OUT]
    for _, name, where in said:
        if name not in known:
            raise UsageError(f"{name!r} is no format", where, f"one of {', '.join(known)}")


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


_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def duration_seconds(text: str) -> float:
    """Return the seconds of a duration that an option is given: `90`, `90s`, `30m`, `6h`, `2d`, `1h30m`."""
    parts = re.fullmatch(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?", text)
    seconds = 0.0
    if parts is not None:
        seconds = sum(
            float(part or 0) * _UNITS_S[unit] for part, unit in zip(parts.groups(), "dhms", strict=True)
        )
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration such as 90s, 30m, 6h, 2d")
    return seconds


def moment(text: str) -> float:
    """Return the unix seconds of a time that an option is given: `17:00` (the next one), a date, or `+6h`."""
    from datetime import datetime, timedelta

    now = datetime.now().astimezone()
    if text.startswith("+"):
        return now.timestamp() + duration_seconds(text[1:])
    try:
        if re.fullmatch(r"\d{1,2}:\d{2}", text):
            hour, minute = map(int, text.split(":"))
            found = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
            return (found if found > now else found + timedelta(days=1)).timestamp()
        return datetime.fromisoformat(text).astimezone().timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time such as 17:00, 2026-03-02T17:00 or +6h"
        ) from error
