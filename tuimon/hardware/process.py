"""Whether a process lives, and what it is called."""

from __future__ import annotations

from tuimon.core.text import clean


def process_is_alive(pid: int) -> bool | None:
    """Return whether a process of this machine runs; None if that cannot be known.

    A zombie does not run: it has ended and waits for its parent to notice.
    """
    try:
        import psutil  # noqa: PLC0415 - a broken psutil must not stop a start
    except ImportError:
        return None
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.AccessDenied:
        return True
    except (psutil.NoSuchProcess, ValueError, OverflowError):
        return False
    except (psutil.Error, OSError):
        return None


def process_name(pid: int) -> str | None:
    """Return the name of a process in one clean line; None if it is gone, or hidden from us."""
    try:
        import psutil  # noqa: PLC0415 - a broken psutil must not stop a start
    except ImportError:
        return None
    try:
        return clean(psutil.Process(pid).name())
    except (psutil.Error, OSError, ValueError, OverflowError):
        return None
