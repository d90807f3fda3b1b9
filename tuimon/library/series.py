"""One tag of a run, as numpy columns."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tuimon.core.batch import ValueArray
from tuimon.core.columns import Float64Array, Int64Array
from tuimon.store.series import SeriesView

if TYPE_CHECKING:
    import pandas as pd


class Series:
    """All points of one tag, in the order in which they were written. It never changes.

    The columns are read-only, of one length, and unpacked when they are asked for first.
    """

    def __init__(self, view: SeriesView) -> None:
        self._view = view

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self._view)

    def __repr__(self) -> str:
        return f"<Series {self.tag!r}: {len(self)} points>"

    @property
    def tag(self) -> str:
        """The full name, as logged."""
        return self._view.tag

    @property
    def role(self) -> str:
        """What the values are, judged by the tag: `loss`, `eval_loss`, `learning_rate`, …, or `other`."""
        return self._view.role.value

    @cached_property
    def steps(self) -> Int64Array:
        """int64[n], as logged: they fall where a run was restarted."""
        return np.asarray(self._view.steps)

    @cached_property
    def wall_times(self) -> Float64Array:
        """float64[n], unix seconds; NaN where none was logged."""
        return np.asarray(self._view.wall_times)

    @property
    def values(self) -> ValueArray:
        """float32[n] or float64[n], as precise as logged; NaN and infinities are values like any other."""
        return self._view.values  # noqa: PD011 - no frame of pandas

    @cached_property
    def attempts(self) -> Int64Array:
        """int64[n], the number of the attempt that each point belongs to: 1, and one more per restart."""
        segments = self._view.segments
        numbers = np.repeat(
            np.array([segment.attempt.number for segment in segments], np.int64),
            [segment.stop - segment.start for segment in segments],
        )
        numbers.setflags(write=False)
        return numbers

    @property
    def last(self) -> float:
        """The value that was written last, which may be NaN or infinite; NaN without any point."""
        return self._view.statistics.last

    @property
    def min(self) -> float | None:
        """The smallest finite value; None where there is none."""
        return self._view.statistics.minimum

    @property
    def max(self) -> float | None:
        """The largest finite value; None where there is none."""
        return self._view.statistics.maximum

    @property
    def mean(self) -> float | None:
        """The mean of the finite values; None where there is none."""
        return self._view.statistics.mean

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """Return all columns by their names: `step`, `wall_time`, `value`, `attempt`."""
        return {
            "step": self.steps,
            "wall_time": self.wall_times,
            "value": self.values,
            "attempt": self.attempts,
        }

    def to_pandas(self) -> pd.DataFrame:
        """Return the columns as a data frame, a row per point.

        Raises:
            ImportError: pandas is not installed.
        """
        import pandas as pd  # noqa: PLC0415 - only who asks for it has it

        return pd.DataFrame(self.columns())
