"""tuimon watches machine-learning training runs from a terminal.

As a library, it reads what the training logged, `tuimon.load("outputs")`, and writes what logs nothing yet,
`tuimon.RunWriter("outputs/metrics.jsonl")`; see docs/library.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuimon.library import Best, NoRunError, Run, Runs, Series, TuimonError, load
    from tuimon.recording.run_writer import RunWriter

__all__ = ["Best", "NoRunError", "Run", "RunWriter", "Runs", "Series", "TuimonError", "__version__", "load"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Import what is asked for: the program needs no library, and a training loop no numpy."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "RunWriter":
        from tuimon.recording.run_writer import RunWriter  # noqa: PLC0415 - see above

        return RunWriter
    from tuimon import library  # noqa: PLC0415 - see above

    return getattr(library, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
