"""Errors that a person can act on. Each ends the program with its own exit code."""

from __future__ import annotations

EXIT_FINE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_NO_RUN = 3
EXIT_FINDING = 4
# As `timeout(1)` says it.
EXIT_TIME_OUT = 124
EXIT_INTERRUPTED = 130


class TuimonError(Exception):
    """An error with what went wrong, where, and what to do about it.

    Args:
        what: What went wrong, as a fact ("no training run found").
        where: The path, key or option it is about, or "".
        remedy: What to do, as an instruction, or "".
    """

    exit_code = EXIT_FAILED

    def __init__(self, what: str, where: str = "", remedy: str = "") -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.what}" + (f" ({self.remedy})" if self.remedy else "")


class UsageError(TuimonError):
    """The command line, environment or a settings file asks for something that does not exist."""

    exit_code = EXIT_USAGE


class NoRunError(TuimonError):
    """No training run was found where one was asked for."""

    exit_code = EXIT_NO_RUN
