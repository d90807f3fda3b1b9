"""What the screen remembers from one day to the next: panes, grid, smoothing, order, favourites."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TypeGuard

from tuimon.analysis.smoothing import SMOOTHING_CYCLE
from tuimon.core.whole_file import whole_file
from tuimon.tui.plan import BORDERS
from tuimon.tui.run_list import ORDERS
from tuimon.tui.view import LOGS, PANES, View

FIRST_HINT = "new here? ? shows every key, : finds an action, q leaves"
_MOST_BYTES = 1 << 18
_MOST_GRID = 4


def remember(view: View, path: Path, roots: Sequence[Path] = ()) -> None:
    """Write the lasting choices; where they cannot be written, nothing is remembered and nothing is said.

    Args:
        view: What was chosen.
        path: The file to write.
        roots: What was watched: favourites are those of a project, all other choices are the person's.
    """
    import orjson  # noqa: PLC0415  # when the screen ends, not when it starts

    # Another screen may have written since this one began.
    favourites = _favourites(_read(path))
    for root in map(_project, roots):
        favourites.pop(root, None)
        if view.favourites:
            favourites[root] = [_plain(tag) for tag in sorted(view.favourites)]
    document = {
        "shown": view.shown,
        "sizes": view.sizes,
        "columns": view.columns,
        "rows": view.rows,
        "smoothing": view.smoothing.label,
        "run_order": view.run_order,
        "log_shows": view.log_shows,
        "favourites": favourites,
    }
    while len(text := orjson.dumps(document)) > _MOST_BYTES and favourites:
        del favourites[next(iter(favourites))]  # of the project that was left longest ago
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path, ()) as file:
            file.write(text)


def recall(view: View, path: Path, roots: Sequence[Path] = ()) -> None:
    """Take over the lasting choices; what is not there, or not as it should be, stays as it is.

    Who has never left the screen before is told what to press.
    """
    if not path.exists():
        view.message = FIRST_HINT
        return
    known = _read(path)
    shown = known.get("shown")
    if isinstance(shown, dict):
        view.shown = {pane: shown[pane] for pane in PANES if isinstance(shown.get(pane), bool)}
    sizes = known.get("sizes")
    if isinstance(sizes, dict):
        view.sizes = {name: sizes[name] for name in BORDERS if _is_share(sizes.get(name))}
    view.columns = _grid(known.get("columns"))
    view.rows = _grid(known.get("rows"))
    view.smoothing = next((s for s in SMOOTHING_CYCLE if s.label == known.get("smoothing")), view.smoothing)
    if _is_one_of(order := known.get("run_order"), ORDERS):
        view.run_order = order
    if _is_one_of(log := known.get("log_shows"), LOGS):
        view.log_shows = log
    favourites = _favourites(known)
    view.favourites = {tag for root in map(_project, roots) for tag in favourites.get(root, ())}


def _read(path: Path) -> dict[str, object]:
    """Return what was written; nothing where that cannot be read, or is nothing of ours."""
    import orjson  # noqa: PLC0415  # most people have no such file at their first start

    try:
        # A pipe of that name would never end.
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return {}
        known = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return known if isinstance(known, dict) else {}


def _project(root: Path) -> str:
    return _plain(str(root.absolute()))


def _plain(text: str) -> str:
    """Return a text as JSON can hold it: paths may be any bytes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _favourites(known: dict[str, object]) -> dict[str, list[str]]:
    """Return the favourite tags of each project, the one that was left last at the end."""
    projects = known.get("favourites")
    if not isinstance(projects, dict):
        return {}
    return {
        root: [tag for tag in tags if isinstance(tag, str)]
        for root, tags in projects.items()
        if isinstance(tags, list)
    }


def _is_share(value: object) -> bool:
    return isinstance(value, float) and 0.0 <= value <= 1.0


def _grid(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return value if 0 <= value <= _MOST_GRID else 0


def _is_one_of(value: object, choices: tuple[str, ...]) -> TypeGuard[str]:
    return value in choices
