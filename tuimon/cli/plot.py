"""`tuimon plot`: curves in plain terminal output, or in a picture."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tuimon.cli.paths import add_formats, add_paths, roots_of, settings_of, tag_pattern
from tuimon.cli.printing import complain, print_lines, print_problems
from tuimon.cli.progress import progress_line
from tuimon.cli.terminal import wants_ascii, wants_colour
from tuimon.core.errors import EXIT_FINE, NoRunError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuimon.core.settings import Settings
    from tuimon.monitor.snapshot import RunState
    from tuimon.output.figure import Figure

SUMMARY = "Draw curves in plain terminal output, or in a picture."
EXAMPLE = "tuimon plot ./outputs --tag loss"

_KINDS = ("svg", "png", "pdf")
_AXES = ("accumulated", "step", "relative", "wall", "epoch", "tokens")
_PICTURE_COLUMNS = 600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_paths(parser, required=False)
    add_formats(parser)
    parser.add_argument(
        "--tag",
        type=tag_pattern,
        action="append",
        metavar="REGEX",
        help="a panel for each metric whose name matches; may be given again "
        "(default: loss, learning rate, gradient norm and the distribution of the loss)",
    )
    parser.add_argument(
        "--save",
        metavar="FILE",
        help="write a picture: .svg, or .png and .pdf with the extra `png`; - for SVG on standard output",
    )
    parser.add_argument(
        "-x",
        "--axis",
        choices=_AXES,
        help="what x counts (default: steps, one attempt after the other; logged steps for several runs)",
    )
    parser.add_argument(
        "--smooth",
        type=_weight,
        metavar="WEIGHT",
        help="weight of the moving average as in TensorBoard, 0 for none (default: as it suits the curve)",
    )
    parser.add_argument("--ascii", action="store_true", default=None, help="draw with ASCII characters only")
    parser.add_argument("--no-color", dest="color", action="store_false", default=None, help="use no colour")


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    settings = settings_of({"ascii": args.ascii, "color": args.color})
    kind = _kind(args.save) if args.save is not None else None
    from tuimon.monitor.once import read_once

    with progress_line("reading") as tell:
        reading = read_once(roots_of(args.paths, args.format), tell=tell, verify=settings.verify)
    states = _distinguishable(reading.runs)
    if args.save is None or kind is None:
        _print(states, args, settings)
    else:
        runs = [state.path for state in reading.runs]
        _save(_figure(states, args, _PICTURE_COLUMNS), args.save, kind, runs)
    print_problems(reading.all_problems)
    return EXIT_FINE


def _distinguishable(states: Sequence[RunState]) -> Sequence[RunState]:
    """Return the runs that a picture can show: as many of the newest as there are colours."""
    from tuimon.output.panels import MOST_RUNS

    if len(states) <= MOST_RUNS:
        return states
    complain(f"the {MOST_RUNS} newest of {len(states)} runs are drawn: give the paths of others to see these")
    oldest_first = sorted(states, key=lambda run: run.progress.last_time or run.changed_at)
    newest = {state.name for state in oldest_first[-MOST_RUNS:]}
    return [state for state in states if state.name in newest]


def _figure(states: Sequence[RunState], args: argparse.Namespace, columns: int) -> Figure:
    from tuimon.output.panels import Choice, make_figure
    from tuimon.store.axis import Axis

    choice = Choice(
        tags=tuple(args.tag or ()),
        axis=Axis(args.axis) if args.axis else None,
        smoothing=args.smooth,
        columns=columns,
    )
    figure = make_figure(states, choice)
    if not figure.panels:
        wanted = ", ".join(pattern.pattern for pattern in choice.tags)
        raise NoRunError(
            f"no curve matches {wanted}" if wanted else "no curve was logged",
            "--tag" if wanted else str(states[0].path),
            "`tuimon summary --json` has all names",
        )
    if figure.left_out:
        complain(f"{len(figure.panels)} panels are drawn, {figure.left_out} more match: --tag can say which")
    return figure


def _print(states: Sequence[RunState], args: argparse.Namespace, settings: Settings) -> None:
    from tuimon.output.plot_text import columns_wanted, figure_lines

    width = max(shutil.get_terminal_size().columns, 40)
    figure = _figure(states, args, columns_wanted(width))
    colour, ascii_only = wants_colour(settings), wants_ascii(settings)
    print_lines(figure_lines(figure, width, colour=colour, ascii_only=ascii_only))


def _save(figure: Figure, path: str, kind: str, runs: Sequence[Path]) -> None:
    if kind == "svg":
        from tuimon.cli.writing import write_text
        from tuimon.output.svg_chart import figure_svg

        write_text(path, figure_svg(figure) + "\n", runs)
        return
    from tuimon.core.whole_file import whole_file
    from tuimon.output.plot_png import write_picture

    with whole_file(Path(path), runs) as file:
        write_picture(figure, file, kind)


def _kind(path: str) -> str:
    """Return the kind of picture that a file's name asks for."""
    kind = "svg" if path == "-" else Path(path).suffix.lower().removeprefix(".")
    if kind not in _KINDS:
        raise UsageError("has no ending that says what to write", f"--save {path}", ".svg, .png or .pdf")
    return kind


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = -1.0
    if not 0 <= weight < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no weight from 0 to below 1")
    return weight
