"""Where marks are set that lie far apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tuimon.core.columns import Int64Array

_WORD = 8
_ONE = np.uint64(1)
# Byte j holds j: multiplied by 1 << 8k, the highest byte is 7 - k.
_BEFORE_END, _LAST_BYTE = np.uint64(0x0706050403020100), np.uint64(56)


def places_of(marks: npt.NDArray[np.bool_]) -> Int64Array:
    """Return where marks bool[n], contiguous, are set, as `nonzero` does.

    Eight of them are looked at at once, as one number, in which mostly none or one is set: that takes two
    thirds of the time.
    """
    whole = len(marks) // _WORD * _WORD
    words = marks[:whole].view(np.uint64)
    holding = (words != 0).nonzero()[0]
    held = words[holding]
    if (held & (held - _ONE)).any():
        return marks.nonzero()[0]
    held *= _BEFORE_END
    held >>= _LAST_BYTE
    places: Int64Array = holding
    places <<= 3
    places += _WORD - 1
    places -= held.view(np.int64)
    rest = marks[whole:].nonzero()[0]
    return np.concatenate([places, rest + whole]) if len(rest) else places
