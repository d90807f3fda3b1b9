"""`tuimon export`: the points of runs in formats of other programs."""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tuimon.cli.paths import (
    add_formats,
    add_paths,
    add_verify,
    roots_of,
    settings_of,
    shown,
    tag_pattern,
)
from tuimon.cli.printing import print_lines, print_problems
from tuimon.cli.progress import progress_line
from tuimon.core.errors import EXIT_FINE, UsageError
from tuimon.core.text import clean

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from tuimon.core.batch import Problem
    from tuimon.monitor.once import Tell
    from tuimon.monitor.reading import RunReading
    from tuimon.output.export.writer import RunWriter
    from tuimon.sources.base import Discovery

SUMMARY = "Write the points of runs as CSV, JSON lines, Parquet or TensorBoard event files."
EXAMPLE = "tuimon export ./outputs --to csv --tag loss"

_DASH = "-"
_FORMATS = ("csv", "jsonl", "parquet", "tfevents")
_BINARY = ("parquet", "tfevents")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_paths(parser, required=False)
    add_formats(parser)
    add_verify(parser)
    parser.add_argument(
        "--to", choices=_FORMATS, help="what to write (default: as the name of FILE ends, else csv)"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        default=_DASH,
        help="where to write (default: - for standard output); for tfevents a folder, with a folder per run",
    )
    parser.add_argument(
        "--tag", type=tag_pattern, metavar="REGEX", help="only tags in which this regular expression is found"
    )
    parser.add_argument("--wide", action="store_true", help="csv: a column per tag, not a row per point")
    parser.add_argument(
        "--double",
        action="store_true",
        help="tfevents: keep double precision; TensorBoard shows it with --load_fast=false only",
    )


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    kind = args.to or _kind_of(args.output)
    if args.wide and kind != "csv":
        raise UsageError("is for csv", "--wide")
    if args.double and kind != "tfevents":
        raise UsageError("is for tfevents: the other formats keep it anyway", "--double")
    if kind in _BINARY and args.output == _DASH and _is_terminal():
        raise UsageError(f"{kind} would go to the terminal", "--output", "name a file")
    from dataclasses import replace

    from tuimon.monitor.once import find_runs

    found = find_runs(roots_of(args.paths, args.format))
    if settings_of({"verify": args.verify}).verify:
        found = replace(found, runs=tuple(ref.verified() for ref in found.runs))
    if kind == "tfevents" and args.output == _DASH and len(found.runs) > 1:
        raise UsageError(f"one event file cannot hold {len(found.runs)} runs", "--output", "name a folder")
    problems: list[Problem] = list(found.problems)
    with progress_line("exporting") as tell:
        points = _export(found, kind, args, tell, problems)
    if args.output != _DASH:
        count = len(found.runs)
        print_lines([f"{shown(args.output)}: {points} points of {count} run" + ("s" if count != 1 else "")])
    print_problems(problems)
    return EXIT_FINE


def _export(
    found: Discovery, kind: str, args: argparse.Namespace, tell: Tell, problems: list[Problem]
) -> int:
    """Write all runs; return how many points they have."""
    from tuimon.core.whole_file import refuse_run_paths
    from tuimon.monitor.plain import iter_readings
    from tuimon.output.export.target import event_file_of

    output = args.output
    runs = [ref.path for ref in found.runs]
    runs += [path for ref in found.runs for source in ref.sources for path in source.paths]
    in_folders = kind == "tfevents" and output != _DASH
    targets = [event_file_of(Path(output), ref.name) for ref in found.runs] if in_folders else []
    # Before anything is read, and again where it is written.
    for target in targets or ([] if output == _DASH else [Path(output)]):
        refuse_run_paths(target, runs)
    columns = _columns(found, args.tag) if args.wide else []
    readings = iter_readings(found.runs, tell)
    make = partial(_writer, kind, args, columns, len(found.runs) > 1)
    if not in_folders:
        with _opened(output, runs) as file, closing(make(file)) as writer:
            return sum(_write(reading, writer, problems) for reading in readings)
    points = 0
    for target, reading in zip(targets, readings, strict=True):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with _opened(str(target), runs) as file, closing(make(file)) as writer:
                points += _write(reading, writer, problems)
        except BaseException:
            with suppress(OSError):  # it stays where something is in it
                target.parent.rmdir()
            raise
    return points


def _write(reading: RunReading, writer: RunWriter, problems: list[Problem]) -> int:
    from tuimon.monitor.plain import iter_records
    from tuimon.output.export.writer import RunToWrite

    problems += reading.problems
    ref = reading.ref
    return writer.write(RunToWrite(ref.name, reading.store.freeze(), partial(iter_records, ref)))


def _writer(
    kind: str,
    args: argparse.Namespace,
    columns: list[str],
    several: bool,  # noqa: FBT001 - given by position, by `partial`
    file: BinaryIO,
) -> RunWriter:
    """Begin a file of a format."""
    if kind == "parquet":
        from tuimon.output.export.parquet_table import ParquetTable

        return ParquetTable(file, args.tag)
    if kind == "tfevents":
        from tuimon.output.export.event_file import EventFile

        return EventFile(file, args.tag, double=args.double)
    if kind == "jsonl":
        from tuimon.output.export.json_lines import JsonLines

        return JsonLines(file, args.tag, named=several)
    from tuimon.output.export.csv_table import LongTable, WideTable

    return WideTable(file, columns) if args.wide else LongTable(file, args.tag)


def _columns(found: Discovery, wanted: re.Pattern[str] | None) -> list[str]:
    """Return the tags of all runs: a wide table names its columns before its first row."""
    from tuimon.monitor.plain import iter_readings
    from tuimon.output.export.writer import tags_of

    with progress_line("looking for tags in") as tell:
        readings = iter_readings(found.runs, tell)
        return list(dict.fromkeys(t for each in readings for t in tags_of(each.store.freeze(), wanted)))


@contextmanager
def _opened(output: str, runs: Sequence[Path]) -> Iterator[BinaryIO]:
    from tuimon.core.whole_file import whole_file

    if output != _DASH:
        with whole_file(Path(output), runs) as file:
            yield file
    elif _is_terminal():
        yield _Terminal()
    else:
        yield sys.stdout.buffer


def _is_terminal() -> bool:
    return sys.stdout.isatty()


class _Terminal(io.BytesIO):
    """Prints what is written, in lines that cannot drive the terminal."""

    def write(self, content: Buffer) -> int:
        """Print one or more whole lines."""
        block = bytes(content)
        print_lines(clean(line) for line in block.decode("utf-8", "replace").removesuffix("\n").split("\n"))
        return len(block)


def _kind_of(output: str) -> str:
    """Return the format that a file's name asks for."""
    suffix = Path(output).suffix.lower().removeprefix(".")
    if suffix in _FORMATS:
        return suffix
    return "tfevents" if "tfevents" in Path(output).name else "csv"
