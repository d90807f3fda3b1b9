"""The processor's cores: how many this process may use, and whether one of them has nothing to do."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Return how many cores this process may use; a limit of a container beyond that is not seen."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def has_idle_core() -> bool:
    """Return whether one of these cores had nothing to do in the last minute; False if nobody tells."""
    try:
        return os.getloadavg()[0] <= usable_cores() - 1
    except OSError:
        return False
