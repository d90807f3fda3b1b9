"""Following a feed without a screen: one snapshot after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from tuimon.monitor.feed import Feed
from tuimon.monitor.snapshot import Snapshot


def follow(feed: Feed, time_out_s: float | None = None) -> Iterator[Snapshot]:
    """Start a feed and yield its snapshots, the newest whenever there is a new one; stop it at the end.

    Args:
        feed: What is followed.
        time_out_s: After so many seconds the last snapshot is given; None goes on until the caller leaves.
    """
    deadline = None if time_out_s is None else time.monotonic() + time_out_s
    changed = threading.Event()
    feed.subscribe(changed.set)
    feed.start()
    try:
        while True:
            changed.clear()
            yield feed.snapshot
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return
            changed.wait(left)
    finally:
        feed.subscribe(None)
        feed.stop()
