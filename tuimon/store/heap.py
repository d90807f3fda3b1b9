"""How the C library keeps memory for this process: what blocks of a file take and free is used again."""

from __future__ import annotations

import ctypes
import mmap
import sys
from functools import cache

# As in glibc's malloc.h.
_TRIM_THRESHOLD = -1
_MAP_THRESHOLD = -3
_ARENA_MAX = -8
# The most that glibc takes for it on machines of 64 bits, and comes to by itself when an array of that size
# was freed; so much as twice that it keeps then.
_MAPPED_FROM_BYTES = 32 << 20
_MOST_KEPT_BYTES = 2 * _MAPPED_FROM_BYTES


def keep_freed_memory() -> bool:
    """Let arrays that are made and freed for each block of a file take the same memory again.

    By itself, glibc gives much of it back to the system, which has to clear each page of it for the next
    block: that took as long as decoding the block. What is kept goes back when a file is read
    (`give_back_freed_memory`). Arrays that grow have pages of their own (`pages`): on the heap they would
    leave holes as large as themselves.

    Returns:
        Whether the C library knows how; others need not.
    """
    return _told(_MAP_THRESHOLD, _MAPPED_FROM_BYTES) and _told(_TRIM_THRESHOLD, _MOST_KEPT_BYTES)


def share_one_heap() -> bool:
    """Let threads that begin from now on take memory where the main thread does.

    The end of a thread's own heap is not given back (`give_back_freed_memory`): of what a reader took for its
    blocks, half was held for good. Threads hardly ever wait for each other here: the interpreter runs one of
    them at a time. This is for a program of ours, not for one that merely loads runs and may have threads of
    other kinds.

    Returns:
        Whether the C library knows how; others need not.
    """
    return _told(_ARENA_MAX, 1)


def give_back_freed_memory() -> bool:
    """Give all whole pages of freed memory back to the system; return whether there were some."""
    library = _c_library()
    if library is None or not hasattr(library, "malloc_trim"):
        return False
    trim = library.malloc_trim
    trim.argtypes, trim.restype = (ctypes.c_size_t,), ctypes.c_int
    return bool(trim(0))


def pages(size: int) -> mmap.mmap:
    """Return at least `size` bytes of zeros that the system has back as soon as nobody uses them.

    What was never written takes no memory.

    Raises:
        OSError: There is no room.
    """
    whole = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
    return mmap.mmap(-1, whole, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def _told(parameter: int, value: int) -> bool:
    """Tell glibc how to keep memory; return whether it has understood."""
    library = _c_library()
    if library is None or not hasattr(library, "mallopt"):  # musl has none
        return False
    mallopt = library.mallopt
    mallopt.argtypes, mallopt.restype = (ctypes.c_int, ctypes.c_int), ctypes.c_int
    return bool(mallopt(parameter, value))


@cache
def _c_library() -> ctypes.CDLL | None:
    """Return the C library; None where it is not one that can be told."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return ctypes.CDLL(None)
    except OSError:
        return None
