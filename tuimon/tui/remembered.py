"""What the screen remembers from one day to the next: panes, grid, smoothing, order."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TypeGuard

from tuimon.analysis.smoothing import SMOOTHING_CYCLE
from tuimon.core.whole_file import whole_file
from tuimon.tui.run_list import ORDERS
from tuimon.tui.view import LOGS, PANES, View

FIRST_HINT = "new here? ? shows every key, : finds an action by what it does, q leaves"
_MOST_BYTES = 1 << 16
_MOST_GRID = 4


def remember(view: View, path: Path) -> None:
    """Write the lasting choices; where they cannot be written, nothing is remembered and nothing is said."""
    import orjson  # noqa: PLC0415  # when the screen ends, not when it starts

    document = {
        "shown": view.shown,
        "columns": view.columns,
        "rows": view.rows,
        "smoothing": view.smoothing.label,
        "run_order": view.run_order,
        "log_shows": view.log_shows,
    }
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path, ()) as file:
            file.write(orjson.dumps(document))


def recall(view: View, path: Path) -> None:
    """Take over the lasting choices; what is not there, or not as it should be, stays as it is.

    Who has never left the screen before is told what to press.
    """
    if not path.exists():
        view.message = FIRST_HINT
    import orjson  # noqa: PLC0415  # most people have no such file at their first start

    try:
        # A pipe of that name would never end.
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return
        known = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return
    if not isinstance(known, dict):
        return
    shown = known.get("shown")
    if isinstance(shown, dict):
        view.shown = {pane: shown[pane] for pane in PANES if isinstance(shown.get(pane), bool)}
    view.columns = _grid(known.get("columns"))
    view.rows = _grid(known.get("rows"))
    view.smoothing = next((s for s in SMOOTHING_CYCLE if s.label == known.get("smoothing")), view.smoothing)
    if _is_one_of(known.get("run_order"), ORDERS):
        view.run_order = known["run_order"]
    if _is_one_of(known.get("log_shows"), LOGS):
        view.log_shows = known["log_shows"]


def _grid(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return value if 0 <= value <= _MOST_GRID else 0


def _is_one_of(value: object, choices: tuple[str, ...]) -> TypeGuard[str]:
    return value in choices
