"""Files that are there as a whole or not at all: written beside their place, then renamed."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_TRIES = 100


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes its name when the block has ended well, and vanishes when it has not.

    What stood there before stays until then. A link is followed; a device or a pipe (`/dev/stdout`) is
    written to as it is, since it cannot be replaced. May be used in any thread.

    Args:
        path: Where the file shall stand; its folder must exist.

    Raises:
        OSError: The file cannot be written there.
    """
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
