"""How commands print: into any pipe, in any encoding."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tuimon.core.text import clean

if TYPE_CHECKING:
    from tuimon.core.batch import Problem
    from tuimon.output.document import Json


def prepare_streams() -> None:
    """Let a character that the locale cannot show be spelled out instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_lines(lines: Iterable[str]) -> None:
    """Print lines; where nobody reads on (`| head -1`), stop without a word, so that the exit code stands."""
    with contextlib.suppress(BrokenPipeError):  # the last flush in `main` meets it again
        for line in lines:
            print(line)
        print(end="", flush=True)


def print_documents(documents: Iterable[dict[str, Json]]) -> None:
    """Print JSON, a document a line, in UTF-8 as its standard demands, whatever the locale."""
    from tuimon.output.document import dump

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    print_lines(map(dump, documents))


def print_problems(problems: Iterable[Problem]) -> None:
    """Print what could not be read on standard error."""
    from tuimon.output.summary import problem_lines

    for line in problem_lines(tuple(problems)):
        complain(line.strip())


def complain(message: str) -> None:
    """Print a message on standard error, in one line that cannot drive the terminal."""
    print(f"tuimon: {clean(message)}", file=sys.stderr)


def leave_pipe() -> None:
    """Send the rest of standard output nowhere: Python flushes once more when it ends, and would complain."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
