"""Which process of this machine writes a run."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

_PROCESSES = Path("/proc")
# The access mode in the flags of an open file: 0 reads, 1 writes, 2 does both (open(2)).
_ACCESS_MODE = 0o3


def find_writers(paths: Iterable[Path], among: Iterable[int] | None = None) -> dict[Path, int]:
    """Return, for each path that a process holds open for writing, the number of that process.

    Looks at what Linux tells of the processes that we may look into: our own, as a rule. Elsewhere, or
    where the trainer opens its log for each line, nothing is found, which means nothing.

    Args:
        paths: Files.
        among: The processes that are looked into; None for all but this one.
    """
    wanted = {os.path.realpath(path): path for path in paths}
    found: dict[Path, int] = {}
    for folder in _process_folders() if among is None else [_PROCESSES / str(pid) for pid in among]:
        for descriptor, target in _open_files(folder):
            path = wanted.get(target)
            if path is not None and _writes(folder, descriptor):
                found[path] = int(folder.name)
    return found


def find_writers_below(path: Path) -> set[int]:
    """Return the processes that write a file, or files in a folder.

    Args:
        path: A file, or a folder with files at any depth.
    """
    top = os.path.realpath(path)
    inside = top.rstrip(os.sep) + os.sep
    return {
        int(folder.name)
        for folder in _process_folders()
        for descriptor, target in _open_files(folder)
        if (target == top or target.startswith(inside)) and _writes(folder, descriptor)
    }


def _process_folders() -> list[Path]:
    own = str(os.getpid())
    try:
        return [
            Path(entry.path) for entry in os.scandir(_PROCESSES) if entry.name.isdigit() and entry.name != own
        ]
    except OSError:
        return []


def _open_files(folder: Path) -> list[tuple[str, str]]:
    """Return the descriptors of a process and what they point to; nothing of a process that is not ours."""
    files = []
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder / "fd"):
            with contextlib.suppress(OSError):
                files.append((entry.name, os.readlink(entry.path)))  # noqa: PTH115  # thousands of them
    return files


def _writes(folder: Path, descriptor: str) -> bool:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in (folder / "fdinfo" / descriptor).read_text(encoding="ascii").splitlines():
            name, _, value = line.partition(":")
            if name == "flags":
                return int(value, 8) & _ACCESS_MODE != 0
    return False
