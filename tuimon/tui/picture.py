"""Puts a whole picture together: a plan of the screen and the rows of every pane. No Textual here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tuimon.analysis.placing import choose_axis
from tuimon.charts.style import Glyphs
from tuimon.monitor.events import Event, run_events
from tuimon.monitor.snapshot import RunState, Snapshot
from tuimon.output.process_text import process_lines
from tuimon.store.axis import Axis
from tuimon.store.run import HARDWARE_STREAM, RunView
from tuimon.tui.arrange import Needs, arrange
from tuimon.tui.chart_list import ChartSpec, every_chart, passing
from tuimon.tui.chart_pane import ChartPane
from tuimon.tui.ink import Ink
from tuimon.tui.opened import OpenedRuns
from tuimon.tui.panes.diagnosis import (
    diagnosis_line,
    diagnosis_rows,
    diagnosis_title,
    listed,
)
from tuimon.tui.panes.facts import facts_rows
from tuimon.tui.panes.footer import footer_row, problem_lines
from tuimon.tui.panes.hardware import gauges, hardware_rows, hardware_title
from tuimon.tui.panes.header import header_rows
from tuimon.tui.panes.log import log_rows, log_title
from tuimon.tui.panes.run_table import RunTable
from tuimon.tui.panes.runs import runs_rows, runs_title, strip_row
from tuimon.tui.panes.sparks import spark_rows
from tuimon.tui.plan import Plan, Rect
from tuimon.tui.rows import PLAIN, ROUND, Frame, Row, fit, framed, in_ascii
from tuimon.tui.run_list import RunList
from tuimon.tui.scene import Picture, Scene
from tuimon.tui.view import View

if TYPE_CHECKING:
    from tuimon.tui.image_pane import ImagePane

_LEAST_FRAMED = 3
_BARS = frozenset({"header", "scrubber", "footer"})
_LAST_EVENTS, _ALL_EVENTS = 200, 20_000
# So many of a live run, where the cursor may be at an earlier one.
_LINKED_EVENTS = 2000


class Painter:
    """Makes pictures from snapshots; remembers chart limits and the event log of the open run.

    Args:
        glyphs: Braille or ASCII.
        coloured: Whether images can be shown in colours.
        wake: Asks for another picture, in any thread, when an image was read, or curves are to be smoothed;
            None waits for both.
    """

    def __init__(
        self, glyphs: Glyphs, *, coloured: bool = True, wake: Callable[[], None] | None = None
    ) -> None:
        self.glyphs = glyphs
        self._coloured = coloured
        self._wake = wake
        self._images: ImagePane | None = None
        self._charts = ChartPane(glyphs, wake)
        self._runs = OpenedRuns()
        self._run_list = RunList()
        self._run_table = RunTable()
        self._events: tuple[Event, ...] = ()
        self._charts_of: tuple[RunView, frozenset[str], bool, tuple[ChartSpec, ...]] | None = None
        self._specs_of: tuple[tuple[object, ...], tuple[ChartSpec, ...]] | None = None
        self._facts_rows: list[Row] = []
        self._facts_of: tuple[tuple[str, int], tuple[object, ...]] | None = None
        self._events_of: tuple[object, ...] | None = None

    @property
    def _frame(self) -> Frame:
        return ROUND if self.glyphs == "braille" else PLAIN

    def paint(
        self,
        snapshot: Snapshot,
        view: View,
        width: int,
        height: int,
        *,
        helping: bool = False,
        commanding: str | None = None,
    ) -> Picture:
        """Return the picture of a snapshot on a screen of `width` x `height` cells.

        Args:
            snapshot: What is known.
            view: What the person has chosen.
            width: In cells.
            height: In cells.
            helping: Whether the help covers the screen.
            commanding: What was typed of a command so far; None where none is typed.
        """
        state = self._runs.opened(snapshot, view)
        overlays = self._runs.overlays(snapshot, view) if state is not None else ()
        specs = self._specs(state, view, paired=not overlays) if state is not None else ()
        runs = self._run_list.listed(snapshot, view)
        scene = Scene(snapshot, state, view, gauges(snapshot, state), runs, overlays, specs)
        needs = Needs(
            runs=len(runs),
            charts=len(specs),
            gpus=len(scene.gauges.gpus),
            hardware=bool(scene.gauges.gpus or scene.gauges.host),
            findings=len(listed(state)),
            replay=snapshot.playback is not None,
        )
        plan = arrange(width, height, view, needs)
        picture = Picture(plan, specs=specs, runs=runs)
        if helping:
            self._paint_help(picture, snapshot, view, width, height)
        elif commanding is not None and height > _LEAST_FRAMED + 2:
            self._paint_palette(picture, scene, commanding, width, height)
        else:
            self._paint_panes(picture, scene)
        if self.glyphs == "ascii":
            picture.panes = {name: [in_ascii(row) for row in rows] for name, rows in picture.panes.items()}
        return picture

    def _paint_panes(self, picture: Picture, scene: Scene) -> None:
        if scene.view.images and scene.state is not None and scene.state.run.images:
            self._image_pane().paint(picture, scene, scene.state)
        else:
            self._charts.paint(picture, scene)
        for name, rect in picture.plan.panes.items():
            picture.panes[name] = self._paint_pane(picture, name, rect, scene)
        if (footer := picture.plan.panes.get("footer")) is not None:
            row = footer_row(scene.snapshot, scene.view, footer.width, page=picture.page)
            picture.panes["footer"] = [row]

    def _image_pane(self) -> ImagePane:
        from tuimon.tui.image_pane import ImagePane  # noqa: PLC0415  # few look at images, none at the start

        if self._images is None:
            self._images = ImagePane(self.glyphs, coloured=self._coloured, wake=self._wake)
        return self._images

    def _paint_help(self, picture: Picture, snapshot: Snapshot, view: View, width: int, height: int) -> None:
        from tuimon.tui.panes.help import help_rows  # noqa: PLC0415  # only while it is asked for

        rows = help_rows(width - 4, problem_lines(snapshot, view), self.glyphs)
        room = max(height - 3, 1)
        view.cursor["help"] = max(0, min(view.line("help"), len(rows) - room))
        shown = [((" ", Ink.TEXT), *row) for row in rows[view.line("help") : view.line("help") + room]]
        title = (("Help", Ink.TITLE), (" j/k scroll, Esc closes", Ink.MUTED))
        picture.plan = Plan(
            panes={"help": Rect(0, 0, width, height - 1), "footer": Rect(0, height - 1, width, 1)}
        )
        picture.panes["help"] = framed(shown, width, height - 1, title, frame=self._frame, focused=True)
        picture.panes["footer"] = [footer_row(snapshot, view, width)]

    def _paint_palette(self, picture: Picture, scene: Scene, typed: str, width: int, height: int) -> None:
        """Show the commands that are meant below the header, above the line for typing."""
        top = picture.plan.panes["header"].height
        place = Rect(0, top, width, height - top - 1)
        picture.plan = Plan(
            panes={
                "header": picture.plan.panes["header"],
                "palette": place,
                "footer": Rect(0, height - 1, width, 1),
            }
        )
        from tuimon.tui.panes.palette import palette_rows  # noqa: PLC0415  # only while it is asked for

        rows = palette_rows(typed, scene.view.line("palette"), width - 4, place.height - 2)
        title = (("Commands", Ink.TITLE), (" type a part of one, Up and Down choose, Enter runs", Ink.MUTED))
        shown = [((" ", Ink.TEXT), *row) for row in rows]
        picture.panes["header"] = self._paint_bar("header", width, top, scene)
        picture.panes["palette"] = framed(shown, width, place.height, title, frame=self._frame, focused=True)
        picture.panes["footer"] = [footer_row(scene.snapshot, scene.view, width)]

    def _paint_pane(self, picture: Picture, name: str, rect: Rect, scene: Scene) -> list[Row]:
        """Return the rows of a pane."""
        width, height = rect.width, rect.height
        if name in _BARS:
            return self._paint_bar(name, width, height, scene)
        rows = self._paint_unframed(name, width, height, scene, picture.plan)
        if rows is not None:
            return rows
        title, inside = self._paint_inside(picture, name, (height - 2, width - 2), scene)
        focused = scene.view.focus == name
        return framed(inside, width, height, title, focused=focused, frame=self._frame)

    def _paint_bar(self, name: str, width: int, height: int, scene: Scene) -> list[Row]:
        """Return the rows of what is as wide as the screen and never has a frame."""
        if name == "header":
            shown, deadline = scene.snapshot, scene.view.deadline
            return header_rows(shown, scene.state, width, height, self.glyphs, deadline=deadline)
        if name == "scrubber" and scene.snapshot.playback is not None:
            from tuimon.tui.panes.scrubber import scrubber_row  # noqa: PLC0415  # only of a replay

            return [scrubber_row(scene.snapshot.playback, scene.state, width, self.glyphs)]
        return []  # the footer says which charts are shown, and so comes last

    def _paint_unframed(
        self, name: str, width: int, height: int, scene: Scene, plan: Plan
    ) -> list[Row] | None:
        """Return the rows of a pane that has no frame; None for all others."""
        if name == "sparks":
            return spark_rows(scene.state, scene.specs, width, height, self.glyphs)
        if name == "runs" and plan.strip:
            return [strip_row(scene.runs, scene.view, width, self.glyphs)]
        if name == "diagnosis" and height < _LEAST_FRAMED:
            return _filled([diagnosis_line(scene.state, width, scene.snapshot.now)], width, height)
        if name == "hardware" and (name in plan.bare or height < _LEAST_FRAMED):
            return _filled(hardware_rows(scene.gauges, width, height, self.glyphs), width, height)
        return None

    def _paint_inside(
        self, picture: Picture, name: str, size: tuple[int, int], scene: Scene
    ) -> tuple[Row, list[Row]]:
        """Return a pane's title, and the rows within its frame."""
        height, width = size
        snapshot, state, view = scene.snapshot, scene.state, scene.view
        if name == "runs":
            judged_by = self._run_list.usual if view.run_order == "best" else ""
            title = runs_title(scene.runs, len(snapshot.runs), view, judged_by)
            if view.run_table:
                return title, self._run_table.rows(
                    scene.runs, view, self._run_list, (height, width), self.glyphs
                )
            return title, runs_rows(scene.runs, view, width, height, self.glyphs)
        if name == "diagnosis":
            rows = diagnosis_rows(state, view, width, height, snapshot.now)
            return diagnosis_title(state), rows
        if name == "hardware":
            return hardware_title(scene.gauges), hardware_rows(scene.gauges, width, height, self.glyphs)
        if name == "log":
            return self._paint_log(picture, scene, (height, width))
        pinned = None if view.pinned in (None, view.run_name) else snapshot.run(view.pinned)
        everything = self._facts(state, pinned, width, snapshot, may_wait=picture.is_behind)
        view.cursor["facts"] = max(0, min(view.line("facts"), len(everything) - height))
        return (("Facts", Ink.TITLE),), everything[view.line("facts") :]

    def _paint_log(self, picture: Picture, scene: Scene, size: tuple[int, int]) -> tuple[Row, list[Row]]:
        view, run = scene.view, None if scene.state is None else scene.state.run
        axis = Axis.ACCUMULATED
        if run is not None and view.crosshair is not None:
            axis = picture.axis.axis if picture.axis is not None else choose_axis([run], view.axis)
        events = self._log(scene.state, view)
        rows, picture.log = log_rows(events, run, view, size, scene.snapshot.now, axis)
        return log_title(view, run), rows

    def _specs(self, state: RunState, view: View, *, paired: bool) -> tuple[ChartSpec, ...]:
        """Return the charts of the open run, looked for anew only when something was logged or folded."""
        run, folded = state.run, frozenset(view.folded)
        known = self._charts_of
        if known is None or known[0] is not run or known[1:3] != (folded, paired):
            known = self._charts_of = run, folded, paired, every_chart(run, folded, paired=paired)
            self._specs_of = None
        chosen = view.filter_text, frozenset(view.favourites), view.only_favourites
        if self._specs_of is None or self._specs_of[0] != chosen:
            self._specs_of = chosen, passing(known[3], view)
        return self._specs_of[1]

    def _facts(
        self,
        state: RunState | None,
        pinned: RunState | None,
        width: int,
        snapshot: Snapshot,
        *,
        may_wait: bool,
    ) -> list[Row]:
        """Return the facts of the open run.

        Statistics per epoch look at every point, so they are kept, and if they may, they wait for a picture
        for which less else is done.
        """
        if state is None:
            return []
        against = None if pinned is None else (pinned.name, pinned.run.revision)
        process = process_lines(state, snapshot.hardware)
        place, seen = (state.name, width), (state.run.revision, against, process)
        may_wait &= self._facts_of is not None and self._facts_of[0] == place
        if self._facts_of != (place, seen) and not may_wait:
            self._facts_rows = facts_rows(state, width, snapshot.now, pinned, process)
            self._facts_of = place, seen
        return self._facts_rows

    def _log(self, state: RunState | None, view: View) -> tuple[Event, ...]:
        if state is None:
            return ()
        # Live, the last ones are enough; those of a run that has ended can all be scrolled to and searched.
        looked_for = (
            view.line("log") > 0 or view.full_log or bool(view.log_filter) or view.crosshair is not None
        )
        most = _ALL_EVENTS if looked_for and not state.status.live else _LAST_EVENTS
        if state.status.live and view.crosshair is not None:
            most = _LINKED_EVENTS
        seen = (state.name, _logged(state.run), len(state.findings), most)
        if seen != self._events_of:
            self._events = run_events(state, most)
            self._events_of = seen
        return self._events


def _logged(run: RunView) -> tuple[object, ...]:
    """Return what is another when a run has logged more, but not when this machine's sensors said more."""
    series = (each for each in run.series.values() if each.stream != HARDWARE_STREAM)
    return (*series, run.lifecycle)


def _filled(rows: list[Row], width: int, height: int) -> list[Row]:
    return [*rows, *([fit((), width)] * (height - len(rows)))][:height]
