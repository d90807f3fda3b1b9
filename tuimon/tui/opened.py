"""The open run and those under it, with the series that follow from what was logged."""

from __future__ import annotations

from dataclasses import replace

from tuimon.analysis.derived import DerivedSeries
from tuimon.charts.style import series_style
from tuimon.monitor.snapshot import RunState, Snapshot
from tuimon.tui.chart_painter import Overlay
from tuimon.tui.panes.runs import overlay_key
from tuimon.tui.view import View


class OpenedRuns:
    """Adds derived series to the runs on the charts, and remembers them. Only the screen's thread uses it."""

    def __init__(self) -> None:
        self._derived: dict[str, DerivedSeries] = {}

    def opened(self, snapshot: Snapshot, view: View) -> RunState | None:
        """Return the open run with what follows from its series."""
        state = snapshot.run(view.run_name)
        if state is None:
            return None
        kept = (state.name, *view.compared)
        self._derived = {name: held for name, held in self._derived.items() if name in kept}
        return self._with_derived(state)

    def overlays(self, snapshot: Snapshot, view: View) -> tuple[Overlay, ...]:
        """Return the runs whose curves lie under those of the open one."""
        overlays = []
        for index, name in enumerate(view.compared, 1):
            state = snapshot.run(name)
            if state is not None:
                key = overlay_key(name, view)
                overlays.append(Overlay(self._with_derived(state), key, series_style(index)))
        return tuple(overlays)

    def _with_derived(self, state: RunState) -> RunState:
        """Add to a run what follows from its series: perplexity from loss."""
        derived = self._derived.setdefault(state.name, DerivedSeries())
        return replace(state, run=derived.update(state.run))
