"""Progress bars of tqdm in a log: how many are done, and of how many."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from tuimon.core.columns import Int64Array
from tuimon.sources.decimal_text import BoolArray, read_numbers
from tuimon.sources.log_text import LogText

BAR_SIGN = b"%|"
"""How a progress bar begins."""
BAR = re.compile(rb"%\|[^|\n]*\| *(\d+)/(\d+) \[")
"""A progress bar: how many are done, and of how many."""
BODY = re.compile(r"(?<=%\|)[^|\n]{0,1000}(?=\|)")
"""What grows in a bar."""

_PERCENT, _PIPE, _SPACE, _SLASH, _BRACKET = 0x25, 0x7C, 0x20, 0x2F, 0x5B
# Bars of an evaluation stand between those of the training and what is logged.
_MOST_TRIED = 4


class LastBars(NamedTuple):
    """The last bar before each of n places: how many are done (int64[n]), and whether there is one."""

    counts: Int64Array
    found: BoolArray


def last_bars(block: LogText, places: Int64Array, total: int) -> LastBars:
    """Find the last bar that counts up to `total` before each of n places, rising, in `block.text`."""
    text = block.text
    pipes = np.flatnonzero(text == _PIPE)
    signs = np.flatnonzero(text[pipes - 1] == _PERCENT)
    counts, found = np.zeros(len(places), np.int64), np.zeros(len(places), np.bool_)
    which = pipes[signs].searchsorted(places) - 1
    missing = np.flatnonzero(which >= 0)
    for _ in range(_MOST_TRIED):
        if not len(missing):
            return LastBars(counts, found)
        bars = _bars(block, pipes[np.minimum(signs[which[missing]] + 1, len(pipes) - 1)], total)
        counts[missing], found[missing] = bars
        which[missing] -= 1
        missing = missing[~bars.found & (which[missing] >= 0)]
    bars = _bars(block, pipes[np.minimum(signs + 1, len(pipes) - 1)], total)
    signs = signs[bars.found]
    last = pipes[signs].searchsorted(places[missing]) - 1
    found[missing] = last >= 0
    counts[missing] = np.append(bars.counts[bars.found], 0)[last]
    return LastBars(counts, found)


def _bars(block: LogText, ends: Int64Array, total: int) -> LastBars:
    """Read the bars whose bodies end at the pipes `ends`, int64[n]; those of another total are not found."""
    text = block.text
    # Behind the last number there is nothing that could be taken for a bar.
    starts, stops = np.append(block.run_starts, [0, 0]), np.append(block.run_ends, [0, 0])
    run = block.run_starts.searchsorted(ends)
    begins, stops = np.stack([starts[run], starts[run + 1]]), np.stack([stops[run], stops[run + 1]])
    found = (begins[0] == ends + 1) | ((begins[0] == ends + 2) & (text[ends + 1] == _SPACE))
    found &= (text[stops[0]] == _SLASH) & (begins[1] == stops[0] + 1)
    found &= (text[stops[1]] == _SPACE) & (text[stops[1] + 1] == _BRACKET)
    kept = np.flatnonzero(found)
    numbers = read_numbers(text, begins[:, kept], stops[:, kept])
    found[kept] = ~(numbers.odd | numbers.fractional).any(axis=0) & (numbers.values[1] == total)
    counts = np.zeros(len(ends), np.int64)
    counts[kept] = np.where(found[kept], numbers.values[0], 0).astype(np.int64)
    return LastBars(counts, found)
