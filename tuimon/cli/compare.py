"""`tuimon compare`: runs side by side."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tuimon.cli.paths import (
    add_formats,
    add_paths,
    add_total,
    add_verify,
    roots_of,
    settings_of,
    thresholds_of,
)
from tuimon.cli.printing import print_documents, print_lines, print_problems
from tuimon.cli.progress import progress_line
from tuimon.cli.terminal import wants_ascii
from tuimon.core.errors import EXIT_FINE, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tuimon.charts.style import Glyphs
    from tuimon.output.compare import Comparison

SUMMARY = "Compare runs: a table, what they differ in, curves over each other, which settings matter."
EXAMPLE = "tuimon compare ./outputs --metric eval_loss"

_ALIGNMENTS = ("step", "relative-step", "epoch", "tokens", "time", "wall")
_PICTURES = (".svg", ".png", ".pdf")
_SAVED_WIDTH, _LEAST_WIDTH = 120, 40
# Rules look at some 200,000 points a second: so many of all runs together take less than one.
_CHECKED_POINTS, _LEAST_CHECKED_POINTS = 150_000, 750


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_paths(parser, required=False)
    add_formats(parser)
    add_total(parser)
    add_verify(parser)
    parser.add_argument(
        "--metric",
        metavar="NAME",
        help="what ranks the runs: a tag, or what it means, such as loss, eval_loss, accuracy, reward, lr "
        "(default: the runs' most telling one)",
    )
    parser.add_argument(
        "--goal",
        choices=("min", "max"),
        help="which values are better (default: as the metric's meaning tells, else min)",
    )
    parser.add_argument(
        "--rank-by",
        choices=("best", "last", "at"),
        default="best",
        help="which value ranks the runs: the best one (default), the last one, or that at the equal place",
    )
    parser.add_argument(
        "--align", choices=_ALIGNMENTS, default="step", help="what the runs are compared by (default: step)"
    )
    parser.add_argument(
        "--at",
        type=float,
        metavar="X",
        help="compare values at this step, epoch, … (default: the furthest that all runs have reached)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument(
        "--save", metavar="FILE", help="write to a file: .txt, .json, or the curves as .svg, .png or .pdf"
    )
    parser.add_argument("--ascii", action="store_true", default=None, help="draw with ASCII characters only")


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    settings = settings_of({"total": args.total, "verify": args.verify, "ascii": args.ascii})
    kind = None if args.save is None else _kind(args.save)
    from tuimon.analysis.alignment import Alignment
    from tuimon.core.clock import SystemClock
    from tuimon.monitor.once import data_time, read_once
    from tuimon.output.checked import check_run
    from tuimon.output.compare import Choice, compare
    from tuimon.output.compare_document import comparison_document
    from tuimon.output.compare_text import comparison_lines

    with progress_line("reading") as tell:
        clock = SystemClock()
        roots = roots_of(args.paths, args.format)
        reading = read_once(roots, total=settings.total, clock=clock, tell=tell, verify=settings.verify)
    with progress_line("checking") as tell:
        thresholds = thresholds_of(settings)
        most_points = max(_CHECKED_POINTS // len(reading.runs), _LEAST_CHECKED_POINTS)
        checked = []
        for number, state in enumerate(reading.runs):
            tell(number / len(reading.runs), state.name)
            now = clock.now() if state.status.live else data_time(state.run)
            checked.append(
                check_run(state, now, total=settings.total, most_points=most_points, thresholds=thresholds)
            )
    choice = Choice(args.metric, args.goal, Alignment(args.align), args.at, args.rank_by)
    comparison = compare(checked, choice)
    if args.metric is not None and not comparison.ranked:
        raise UsageError(f"no run logs {args.metric}", "--metric", "`tuimon summary --json` has all names")
    glyphs: Glyphs = "ascii" if wants_ascii(settings) else "braille"
    if kind is not None:
        _save(comparison, Path(args.save), kind, (state.path for state in reading.runs))
    elif args.json:
        print_documents([comparison_document(comparison)])
    else:
        width = max(shutil.get_terminal_size().columns, _LEAST_WIDTH)
        print_lines(comparison_lines(comparison, width, glyphs))
    print_problems(reading.all_problems)
    return EXIT_FINE


def _kind(path: str) -> str:
    kind = Path(path).suffix.lower()
    if kind not in (".txt", ".json", *_PICTURES):
        raise UsageError(
            "has no ending that says what to write", f"--save {path}", ".txt, .json, .svg, .png or .pdf"
        )
    return kind


def _save(comparison: Comparison, path: Path, kind: str, runs: Iterable[Path]) -> None:
    """Write a comparison to a file that is complete or not there."""
    from tuimon.core.whole_file import whole_file

    with whole_file(path, runs) as file:
        if kind in _PICTURES:
            from tuimon.output.compare_figure import comparison_figure

            figure = comparison_figure(comparison)
            if kind == ".svg":
                from tuimon.output.svg_chart import figure_svg

                file.write(figure_svg(figure, columns=1).encode())
            else:
                from tuimon.output.plot_png import write_picture

                write_picture(figure, file, kind.removeprefix("."))
        elif kind == ".json":
            from tuimon.output.compare_document import comparison_document
            from tuimon.output.document import dump

            file.write(dump(comparison_document(comparison)).encode() + b"\n")
        else:
            from tuimon.output.compare_text import comparison_lines

            file.writelines(f"{line}\n".encode() for line in comparison_lines(comparison, _SAVED_WIDTH))
