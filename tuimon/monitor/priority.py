"""How tuimon steps back behind the training beside it."""

from __future__ import annotations

import os
import threading

# With every core taken, a thread of this niceness gets about a tenth of what a normal one gets. Keys are
# answered as fast as before (`benchmarks/screen.py`): a thread that has slept does not wait long.
NICENESS = 10


def be_nice() -> None:
    """Give the calling thread a low priority, or leave the lower one that it has.

    On Linux each thread has a priority of its own, which the threads that it starts inherit; elsewhere this
    does nothing.
    """
    try:
        thread = threading.get_native_id()
        niceness = max(NICENESS, os.getpriority(os.PRIO_PROCESS, thread))
        os.setpriority(os.PRIO_PROCESS, thread, niceness)
    except (OSError, AttributeError):  # not Linux, or not permitted
        return
