"""Where the text that a command makes goes: into a file as a whole, or to standard output."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from pathlib import Path

from tuimon.cli.printing import print_lines
from tuimon.core.whole_file import whole_file

DASH = "-"


def write_text(path: str, text: str, runs: Iterable[Path]) -> None:
    """Write text in UTF-8, whatever the locale.

    Args:
        path: A file, which is there as a whole or as it was before; `-` for standard output.
        text: Ends with a line break.
        runs: The folders and files of the runs that were read: nothing is written there.

    Raises:
        UsageError: The file would be a part of a run.
        OSError: The file cannot be written there.
    """
    if path == DASH:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")
        print_lines([text.removesuffix("\n")])
        return
    with whole_file(Path(path), runs) as file:
        file.write(text.encode())
