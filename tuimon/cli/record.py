"""`tuimon record`: runs a training command and keeps its metrics and hardware samples."""

from __future__ import annotations

import argparse
import os
import warnings
from pathlib import Path

from tuimon.cli.paths import positive_seconds
from tuimon.cli.printing import complain
from tuimon.core.errors import UsageError

SUMMARY = "Run a training command; keep the metrics that it prints, and what GPUs and host did."
EXAMPLE = "tuimon record -o first.jsonl -- python train.py --lr 3e-4"
# As shells say it.
_NOT_FOUND, _NOT_STARTED = 127, 126


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "-o", "--output", metavar="FILE", required=True, help="JSON lines; a file that exists is continued"
    )
    parser.add_argument(
        "-n",
        "--interval",
        metavar="SECONDS",
        type=positive_seconds,
        default=5.0,
        help="time between two samples of GPUs and host (default: 5)",
    )
    parser.add_argument(
        "command_line",
        metavar="COMMAND",
        nargs=argparse.REMAINDER,
        help="the command, behind --; its exit code is passed on",
    )


def run(args: argparse.Namespace) -> int:
    """Run the command; return the exit code of the training."""
    command = args.command_line[args.command_line[:1] == ["--"] :]
    if not command:
        raise UsageError("no command was given", "record", f"as in: {EXAMPLE}")
    from tuimon.hardware.local_sampler import LocalSampler
    from tuimon.recording.command import record
    from tuimon.recording.run_writer import RunWriter

    print(end="", flush=True)  # what comes now is the command's
    _open_closed_streams()
    path = Path(args.output)
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: complain(str(message))
        writer = RunWriter(path)
        try:
            return record(command, writer, LocalSampler(path.parent), args.interval)
        except OSError as error:
            complain(f"{command[0]}: cannot be run: {error.strerror}")
            writer.event("failed", f"cannot be run: {error.strerror}")
            return _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_STARTED
        finally:
            writer.close()


def _open_closed_streams() -> None:
    """Let standard streams that are closed lead nowhere.

    The file would take their number, and what the command prints would go into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
