"""File-system events, as hints that shorten the wait. Polling stays the truth."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import BaseObserver, ObservedWatch

# inotify's watches are shared by all programs of a user, and watchdog makes a thread for each folder.
MOST_FOLDERS = 16
_WORTH_A_LOOK = frozenset({"created", "modified", "moved", "deleted"})


class ChangeHints:
    """Watches folders with watchdog, where that works.

    Args:
        on_change: Called in watchdog's thread with the path that changed, and whether files came or went.
    """

    def __init__(self, on_change: Callable[[str, bool], None]) -> None:
        self._on_change = on_change
        self._observer: BaseObserver | None = None
        self._watched: dict[Path, ObservedWatch | None] = {}

    def follow(self, folders: Iterable[Path]) -> None:
        """Watch the first of these folders and no others; what lies in folders below them is not heard of.

        No inotify, no watches left, a network file system: polling sees all of it a little later.
        """
        wanted = dict.fromkeys(islice(dict.fromkeys(folders), MOST_FOLDERS))
        for folder in self._watched.keys() - wanted.keys():
            watch = self._watched.pop(folder)
            if watch is not None and self._observer is not None:
                with contextlib.suppress(Exception):
                    self._observer.unschedule(watch)
        for folder in wanted:
            if folder not in self._watched:
                self._watched[folder] = None
                with contextlib.suppress(Exception):
                    self._watched[folder] = self._schedule(folder)

    def stop(self) -> None:
        """End watchdog's threads."""
        if self._observer is not None:
            with contextlib.suppress(Exception):
                self._observer.stop()
                self._observer.join(timeout=1.0)
            self._observer = None

    def _schedule(self, folder: Path) -> ObservedWatch:
        from watchdog.events import FileSystemEventHandler  # noqa: PLC0415  # costs start-up time
        from watchdog.observers import Observer  # noqa: PLC0415  # costs start-up time

        report = self._report

        class _Reporter(FileSystemEventHandler):
            def on_any_event(self, event: FileSystemEvent) -> None:
                report(event)

        if self._observer is None:
            self._observer = Observer()
            self._observer.daemon = True
            self._observer.start()
        return self._observer.schedule(_Reporter(), str(folder), recursive=False)

    def _report(self, event: FileSystemEvent) -> None:
        if event.event_type in _WORTH_A_LOOK:
            self._on_change(os.fsdecode(event.src_path), event.event_type != "modified")
