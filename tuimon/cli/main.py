"""The command line: finds the command, runs it, and turns what happened into an exit code."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from tuimon import __version__
from tuimon.cli.printing import complain, leave_pipe, prepare_streams
from tuimon.cli.standard_input import readable
from tuimon.core.errors import EXIT_FAILED, EXIT_FINE, EXIT_INTERRUPTED, EXIT_USAGE, TuimonError, UsageError
from tuimon.core.text import clean

# The order of the help. Each is a module of this folder with SUMMARY, EXAMPLE, add_arguments and run.
COMMANDS = (
    "watch",
    "replay",
    "summary",
    "plot",
    "compare",
    "check",
    "eta",
    "status",
    "wait",
    "report",
    "export",
    "record",
    "demo",
    "completion",
    "doctor",
)
_EXIT_CODES = (
    "exit codes: 0 fine, 1 failed, 2 wrong usage, 3 no run found, "
    "4 a finding at or above --fail-on, 124 wait: time is over, 130 interrupted"
)


_GC_THRESHOLD = 100_000


def command_module(name: str) -> ModuleType:
    """Import the module of a command; its heavy imports happen when it runs."""
    return import_module(f"tuimon.cli.{name}")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Refuse wrong usage; arguments may be names of files, which may hold anything."""
        super().error(clean(message))


def make_parser(names: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """Build the parser with these commands."""
    parser = _Parser(
        prog="tuimon",
        description="Watch training runs from a terminal. `tuimon PATH` is `tuimon watch PATH`.",
        epilog=_EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"tuimon {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in names:
        module = command_module(name)
        command = commands.add_parser(
            name,
            help=module.SUMMARY,
            description=module.SUMMARY,
            epilog=f"example: {module.EXAMPLE}\n\n{_EXIT_CODES}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    # Parsed lines and columns make no cycles; looking for some at Python's default rate costs a tenth of a
    # start, and a third of reading JSON lines.
    gc.set_threshold(_GC_THRESHOLD, 50, 50)
    # A good guest computes on one core; and a pool of threads that nobody needs takes time to start.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    prepare_streams()
    code = _run(sys.argv[1:] if arguments is None else arguments)
    try:
        print(end="", flush=True)
    except BrokenPipeError:
        leave_pipe()
    except OSError as error:
        leave_pipe()
        if code == EXIT_FINE:
            complain(str(error))
            return EXIT_FAILED
    return code


def _run(given: Sequence[str]) -> int:
    try:
        arguments = _with_command(given)
        # What is run does not wait for the options of all others to be told.
        chosen = arguments[:1] if arguments[0] in COMMANDS else COMMANDS
        return _run_command(make_parser(chosen).parse_args(arguments))
    except TuimonError as error:
        complain(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # whoever read the output has seen enough
        leave_pipe()
        return EXIT_FINE
    except SystemExit as ended:
        code = ended.code
        return code if isinstance(code, int) else EXIT_USAGE if code else EXIT_FINE
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        complain(f"{where}{error.strerror or error}")
        return EXIT_FAILED


def _run_command(args: argparse.Namespace) -> int:
    run = command_module(args.command).run
    if "paths" not in args:
        return int(run(args))
    live = args.command == "watch" and not args.once
    with readable(args.paths, tee=getattr(args, "tee", None), live=live) as args.paths:
        return int(run(args))


def _with_command(given: Sequence[str]) -> list[str]:
    """Return the arguments with `watch` before them if they begin with no command."""
    first = given[0] if given else ""
    if first in COMMANDS or first in ("-h", "--help", "--version"):
        return list(given)
    if first.isalpha() and not Path(first).exists():
        from difflib import get_close_matches

        close = get_close_matches(first, COMMANDS, n=1, cutoff=0.8)
        if close:
            advice = f"did you mean `tuimon {close[0]}`? For a path yet to come: `tuimon watch {first}`"
            raise UsageError("is neither a command nor a path", first, advice)
    return ["watch", *given]


if __name__ == "__main__":
    sys.exit(main())
