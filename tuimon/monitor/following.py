"""Which folders are worth hints, and what was heard of them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import nsmallest
from itertools import chain
from pathlib import Path

from tuimon.monitor.hints import MOST_FOLDERS, ChangeHints
from tuimon.monitor.watching import RunWatch

# How often it is settled which folders are worth hints.
_FOLLOW_S = 1.0
_MOST_HEARD = 1000


class Following:
    """Asks for hints where they help: where runs begin, and of the runs that changed last.

    The reader's thread uses it; `on_hint` is called in watchdog's.

    Args:
        folders: Where runs begin.
        on_hint: Is told of each hint, and whether files came or went.
    """

    def __init__(self, folders: Sequence[Path], on_hint: Callable[[bool], None]) -> None:
        self._roots = tuple(folders)
        self._on_hint = on_hint
        self._heard: deque[str] = deque(maxlen=_MOST_HEARD)
        self._hints = ChangeHints(self._hear)
        self._due = 0.0

    def follow(self, watches: Iterable[RunWatch], open_run: str | None) -> None:
        """Settle anew, once in a while, which folders are worth hints."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + _FOLLOW_S
        newest = nsmallest(MOST_FOLDERS, watches, key=lambda w: (w.name != open_run, -w.schedule.quiet_since))
        steady = {path.parent for watch in newest if watch.schedule.steady for path in watch.paths}
        roots = (folder for folder in self._roots if folder.is_dir())
        parents = (path.parent for watch in newest for path in watch.paths)
        self._hints.follow(folder for folder in chain(roots, parents) if folder not in steady)

    def heard(self) -> Iterator[str]:
        """Yield the paths that were heard of since the last call."""
        while self._heard:
            yield self._heard.popleft()

    def stop(self) -> None:
        """End watchdog's threads."""
        self._hints.stop()

    def _hear(self, path: str, files_changed: bool) -> None:  # noqa: FBT001  # called by ChangeHints only
        self._heard.append(path)
        self._on_hint(files_changed)
