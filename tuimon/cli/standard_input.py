"""`-` in place of a path: what another program prints, as `python train.py 2>&1 | tuimon watch -`."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tuimon.core.errors import UsageError

DASH = "-"
_NAME = "stdin"
_BLOCK_BYTES = 1 << 16


@contextmanager
def readable(paths: list[str], *, tee: str | None = None, live: bool = False) -> Iterator[list[str]]:
    """Put a file that holds standard input in the place of `-`.

    Args:
        paths: As given on the command line.
        tee: Keep what comes in this file; else it lies in the system's folder for temporary files, and is
            gone when the block ends.
        live: Where there is a screen, go on while it comes, and let keys come from the terminal. Otherwise
            read it to its end first.

    Raises:
        UsageError: Standard input is a terminal, `-` is given twice, or there is no terminal for keys.
    """
    if DASH not in paths:
        if tee is not None:
            raise UsageError("has nothing to pass on", "--tee", "give - as the path")
        yield paths
        return
    if paths.count(DASH) > 1 or sys.stdin is None or sys.stdin.isatty():
        raise UsageError(
            "stands for what another program prints", DASH, "python train.py 2>&1 | tuimon watch -"
        )
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="tuimon-") as folder:
        path = Path(tee) if tee is not None else Path(folder) / "stdin.log"
        with path.open("ab" if tee is not None else "wb", buffering=0) as file:
            source = os.dup(sys.stdin.fileno())
            if live and sys.stdout.isatty() and sys.stderr.isatty():
                _take_keys_from_terminal()
                threading.Thread(target=_copy, args=(source, file.fileno()), daemon=True).start()
            else:
                _copy(source, file.fileno())
            yield [f"{_NAME}={path}" if given == DASH else given for given in paths]


def _copy(source: int, target: int) -> None:
    # At the end of the program the file is closed under the thread.
    with suppress(OSError):
        while block := os.read(source, _BLOCK_BYTES):
            while block:
                block = block[os.write(target, block) :]


def _take_keys_from_terminal() -> None:
    """Make the terminal standard input, as it is for a program that reads no pipe."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError as error:
        raise UsageError("there is no terminal for keys", "/dev/tty", "use --once") from error
    os.dup2(terminal, sys.stdin.fileno())
    os.close(terminal)
