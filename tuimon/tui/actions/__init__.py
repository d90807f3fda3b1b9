"""What the keys do: one method per action of the key table."""

from __future__ import annotations

from tuimon.tui.actions.charts import ChartActions
from tuimon.tui.actions.panes import PaneActions
from tuimon.tui.actions.program import ProgramActions
from tuimon.tui.actions.runs import RunActions


class Actions(ProgramActions, PaneActions, RunActions, ChartActions):
    """All actions of `TuimonApp`."""
