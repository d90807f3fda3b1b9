"""What the keys do: one method per action of the key table."""

from __future__ import annotations

from tuimon.tui.actions.charts import ChartActions
from tuimon.tui.actions.moving import MovingActions
from tuimon.tui.actions.panes import PaneActions
from tuimon.tui.actions.playback import PlaybackActions
from tuimon.tui.actions.program import ProgramActions


class Actions(ProgramActions, PaneActions, MovingActions, ChartActions, PlaybackActions):
    """All actions of `TuimonApp`."""
