"""What went wrong in the program itself: said on the screen, like what went wrong with files."""

from __future__ import annotations

from tuimon.core.batch import Problem

_KEPT = 10


class Failures:
    """The last errors that no rule of bad input covers. Each thread notes, the reader's thread reads.

    Attributes:
        problems: The last ones, each once, oldest first.
    """

    def __init__(self) -> None:
        self.problems: tuple[Problem, ...] = ()

    def note(self, where: str, error: Exception) -> bool:
        """Note an error; return whether it is a new one."""
        told = Problem(where, f"stopped by {type(error).__name__}: {error}; it is tried again")
        if told in self.problems:
            return False
        self.problems = (*self.problems[1 - _KEPT :], told)
        return True
