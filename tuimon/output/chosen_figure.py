"""The charts that somebody looks at, as a picture for a file."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from tuimon.analysis.placing import choose_axis
from tuimon.charts.scales import Limits
from tuimon.core.errors import UsageError
from tuimon.core.text import clean
from tuimon.core.whole_file import whole_file
from tuimon.monitor.snapshot import RunState
from tuimon.output.figure import Figure
from tuimon.output.panels import MOST_RUNS, Choice, curve_panel, grouped, shared_reach


def chosen_figure(
    states: Sequence[RunState], tags: Collection[str], choice: Choice, window: Limits | None
) -> Figure:
    """Return the picture of the charts of some tags.

    Args:
        states: The run, and those that lie under it.
        tags: Whose charts; a panel for each group of them.
        choice: What x counts, and how curves are smoothed.
        window: The part of the x axis that is shown; None for all.
    """
    drawn = states[:MOST_RUNS]
    runs = [state.run for state in drawn]
    axis = choose_axis(runs[:1], choice.axis)
    groups = grouped(runs)
    shared = shared_reach(groups, runs, axis)
    wanted = (group for group in groups if any(member.series.tag in tags for member in group.members))
    panels = tuple(curve_panel(group, drawn, choice, axis, shared, window) for group in wanted)
    names = tuple((clean(state.name), number) for number, state in enumerate(drawn))
    return Figure("" if len(drawn) > 1 else names[0][0], panels, names if len(drawn) > 1 else ())


def write_figure(figure: Figure, path: Path, runs: Sequence[Path]) -> None:
    """Write a picture as its file's name ends: `.svg`, `.png` or `.pdf`.

    Args:
        figure: What is written.
        path: Where; there must be nothing yet.
        runs: The folders and files of runs: nothing is written there.

    Raises:
        TuimonError: It would be a part of a run, there is nothing to draw, or matplotlib is missing.
        OSError: It cannot be written there.
    """
    if not figure.panels:
        raise UsageError("no curve is on the screen", "", "a name that ends in .txt takes what is")
    if path.suffix.lower() == ".svg":
        from tuimon.output.svg_chart import figure_svg  # noqa: PLC0415  # of three writers one is needed

        with whole_file(path, runs) as file:
            file.write(figure_svg(figure).encode() + b"\n")
        return
    from tuimon.output.plot_png import write_picture  # noqa: PLC0415

    with whole_file(path, runs) as file:
        write_picture(figure, file, path.suffix.lower().removeprefix("."))
