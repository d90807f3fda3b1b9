"""What went wrong in the program itself: said on the screen, like what went wrong with files."""

from __future__ import annotations

from tuimon.core.batch import Problem

_KEPT = 10


class Failures:
    """The last errors that no rule of bad input covers. Any thread may note and clear.

    Attributes:
        problems: The last one of each place, as long as it lasts, oldest first.
    """

    def __init__(self) -> None:
        self.problems: tuple[Problem, ...] = ()

    def note(self, where: str, error: Exception) -> bool:
        """Note an error; return whether it is a new one."""
        told = Problem(where, f"stopped by {type(error).__name__}: {error}; it is tried again")
        if told in self.problems:
            return False
        others = tuple(problem for problem in self.problems if problem.path != where)
        self.problems = (*others[1 - _KEPT :], told)
        return True

    def clear(self, where: str) -> bool:
        """Note that something works again; return whether an error was told of it."""
        if all(problem.path != where for problem in self.problems):
            return False
        self.problems = tuple(problem for problem in self.problems if problem.path != where)
        return True
