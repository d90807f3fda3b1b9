"""What the keys do: one method per action of the key table."""

from __future__ import annotations

from tuimon.tui.actions.bookmarks import BookmarkActions
from tuimon.tui.actions.charts import ChartActions
from tuimon.tui.actions.mouse import MouseActions
from tuimon.tui.actions.panes import PaneActions
from tuimon.tui.actions.program import ProgramActions


class Actions(ProgramActions, PaneActions, MouseActions, ChartActions, BookmarkActions):
    """All actions of `TuimonApp`."""
