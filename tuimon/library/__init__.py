"""What other programs import: `tuimon.load` and what it returns. Names in `__all__` are stable."""

from __future__ import annotations

from tuimon.analysis.best import Best
from tuimon.core.errors import NoRunError, TuimonError
from tuimon.library.loading import load
from tuimon.library.run import Run, Runs
from tuimon.library.series import Series

__all__ = ["Best", "NoRunError", "Run", "Runs", "Series", "TuimonError", "load"]
