"""Work that holds nobody up: one piece at a time, in a thread of its own, at a limited rate."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from tuimon.core.text import clean
from tuimon.output.document import Json

# Between two starts; and how many wait for their turn. More than that is a flood: it is counted, and the next
# document says how many were left out.
INTERVAL_S = 10.0
MOST_WAITING = 16

Work = Callable[[dict[str, "Json"]], str | None]
"""Does the work with a document; returns what went wrong, or None. Called in the lane's thread."""


class Lane:
    """Does one kind of work, one document after the other.

    Args:
        work: What is done with a document.
        complain: Is told what went wrong, in the lane's thread.
        interval_s: The shortest time between two starts.
    """

    def __init__(
        self, work: Work, complain: Callable[[str], None], *, interval_s: float = INTERVAL_S
    ) -> None:
        self._work = work
        self._complain = complain
        self._interval_s = interval_s
        self._waiting: deque[dict[str, Json]] = deque()
        self._missed = 0
        self._lock = threading.Lock()
        self._stirred = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def submit(self, document: dict[str, Json]) -> None:
        """Take in a document, and return at once; any thread."""
        with self._lock:
            if len(self._waiting) >= MOST_WAITING:
                self._missed += 1
                return
            self._waiting.append({**document, "missed": self._missed})
            self._missed = 0
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="tuimon-alerts", daemon=True)
                self._thread.start()
        self._stirred.set()

    def stop(self) -> None:
        """Begin nothing more. What runs goes on: an end that is being told is told."""
        self._stopping.set()
        self._stirred.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            with self._lock:
                document = self._waiting.popleft() if self._waiting else None
                if document is None:
                    self._stirred.clear()
            if document is None:
                self._stirred.wait()
                continue
            started = time.monotonic()
            try:
                problem = self._work(document)
            except Exception as error:  # noqa: BLE001  # whatever fails out there, the next alert is tried again
                problem = f"{type(error).__name__}: {error}"
            if problem:
                self._complain(clean(problem))
            self._stopping.wait(max(started + self._interval_s - time.monotonic(), 0.0))
