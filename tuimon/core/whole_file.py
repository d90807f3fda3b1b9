"""Files that are there as a whole or not at all, and never where a run is read from."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tuimon.core.errors import UsageError

_TRIES = 100


def refuse_run_paths(target: Path, runs: Iterable[Path]) -> None:
    """Raise if a file that is to be written would be a part of what is read.

    Args:
        target: Where it is to stand; links are followed.
        runs: The folders and files of runs.

    Raises:
        UsageError: It is one of these files, or lies in one of these folders.
    """
    read = {path.resolve() for path in runs}
    place = target.resolve()
    if place in read and not place.is_dir():
        raise UsageError("is what the run is read from", str(target), "write to another file")
    if not read.isdisjoint(place.parents):
        raise UsageError("lies in the folder of a run", str(target), "write to another folder")


@contextmanager
def whole_file(path: Path, runs: Iterable[Path]) -> Iterator[BinaryIO]:
    """Open a file that takes its name when the block has ended well, and vanishes when it has not.

    What stood there before stays until then. A link is followed; a device or a pipe (`/dev/stdout`) is
    written to as it is, since it cannot be replaced. May be used in any thread.

    Args:
        path: Where the file shall stand; its folder must exist.
        runs: The folders and files of the runs that were read: nothing is written there.

    Raises:
        UsageError: It would be a part of a run.
        OSError: The file cannot be written there.
    """
    refuse_run_paths(path, runs)
    path = Path(os.path.realpath(path))
    with contextlib.suppress(FileNotFoundError):
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(21, "is a folder, not a file", str(path))
        if not stat.S_ISREG(kind):
            with path.open("wb") as file:
                yield file
            return
    with _open_beside(path) as file:
        beside = Path(file.name)
        try:
            yield file
            file.flush()
            beside.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise


def _open_beside(path: Path) -> BinaryIO:
    """Open a new hidden file in the same folder; its rights are those that the new file would have."""
    for number in range(_TRIES):
        beside = path.with_name(f".{path.name[:200]}.{os.getpid()}-{number}.part")
        with contextlib.suppress(FileExistsError):
            try:
                return beside.open("xb")
            except FileNotFoundError as error:
                raise FileNotFoundError(error.errno, "its folder does not exist", str(path)) from error
    raise FileExistsError(17, "there are too many unfinished copies; remove them", str(path))
