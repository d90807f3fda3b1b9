"""How the C library keeps memory for this process: what is freed goes back to the system."""

from __future__ import annotations

import ctypes
import sys

# As in glibc's malloc.h.
_TRIM_THRESHOLD = -1
_MAP_THRESHOLD = -3
_MAPPED_FROM_BYTES = 256 << 10
_MOST_KEPT_BYTES = 8 << 20


def give_back_freed_memory() -> bool:
    """Let large arrays have memory of their own, which the system has back as soon as they are freed.

    By itself, glibc raises the size from which that is so each time a large array is freed, up to 32 MB, and
    takes smaller ones from one heap, which cannot shrink below the last thing in it. Columns that grow leave
    holes there as large as themselves: half of what a process held after reading two million points was
    nothing (`python -m benchmarks.memory`). The other side: so much is kept of the heap, that blocks of a
    file that are read one after another take the same memory again.

    Returns:
        Whether the C library knows how; others need not.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # musl has none
        return False
    mallopt.argtypes, mallopt.restype = (ctypes.c_int, ctypes.c_int), ctypes.c_int
    return bool(mallopt(_MAP_THRESHOLD, _MAPPED_FROM_BYTES) and mallopt(_TRIM_THRESHOLD, _MOST_KEPT_BYTES))
