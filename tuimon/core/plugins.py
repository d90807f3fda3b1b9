"""What other installed packages add to tuimon: objects that they name as entry points."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from tuimon.core.frozen import frozen
from tuimon.core.text import clean

SOURCES = "tuimon.sources"
HARDWARE = "tuimon.hardware"


@frozen
class Plugin:
    """An object that a package adds.

    Attributes:
        name: What the package calls it.
        added: The object; None where it could not be loaded.
        fault: Why it could not, in one line; else "".
    """

    name: str
    added: object
    fault: str = ""


def load_plugins(group: str) -> tuple[Plugin, ...]:
    """Return what packages add as one group of entry points, by name. Never raises."""
    # Almost nobody has any, and `importlib.metadata` takes a tenth of a start to import.
    if not any(group.encode() in text for text in _entry_points()):
        return ()
    from importlib.metadata import entry_points  # noqa: PLC0415  # see above

    found = {}
    for entry in sorted(entry_points(group=group)):
        name = clean(entry.name)
        try:
            found[name] = Plugin(name, entry.load())
        except (Exception, SystemExit) as error:  # noqa: BLE001  # the code of others may do anything
            found[name] = Plugin(name, None, told(name, "cannot be loaded", error))
    return tuple(found.values())


def told(name: str, what: str, error: BaseException) -> str:
    """Return in one line what went wrong in a plug-in."""
    return clean(f"plug-in {name} {what}: {type(error).__name__}: {error}")


def _entry_points() -> Iterator[bytes]:
    """Yield the texts in which installed packages name their entry points."""
    for folder in dict.fromkeys(sys.path):
        try:
            entries = list(os.scandir(folder or "."))
        except OSError:
            continue
        for entry in entries:
            if entry.name.endswith((".dist-info", ".egg-info")):
                try:
                    with open(os.path.join(entry.path, "entry_points.txt"), "rb") as file:  # noqa: PTH118, PTH123  # a hundred of them at each start
                        yield file.read()
                except OSError:
                    continue
