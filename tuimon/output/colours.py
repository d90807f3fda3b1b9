"""The colours of pictures: eight that the colour-blind can tell apart, on light and on dark ground.

They are those of the screen: after Okabe and Ito (2008), "Color Universal Design", darkened for light ground
and lightened for dark ground until each has a contrast of at least 4.5 to 1, as text needs it.
"""

from __future__ import annotations

SERIES_LIGHT = ("#0067a5", "#a35200", "#00704f", "#a0397a", "#756800", "#3949ab", "#b33c00", "#4b5563")
SERIES_DARK = ("#56b4e9", "#f0a840", "#2fbf8f", "#e58ac0", "#e8dc5a", "#7f9cf5", "#e8754a", "#b6bec9")
# The nearest ones of the 256 colours of a terminal, readable on both grounds.
SERIES_TERMINAL = (32, 172, 35, 169, 142, 105, 166, 245)
# The same, fainter, for values as logged behind an average.
RAW_TERMINAL = (24, 94, 22, 96, 58, 60, 130, 240)
CRITICAL_TERMINAL = 160

CRITICAL_LIGHT, CRITICAL_DARK = "#c62828", "#ff6b6b"
WARNING_LIGHT, WARNING_DARK = "#9a4a00", "#ffb454"


def series_colour(place: int) -> str:
    """Return a colour on light ground as `#rrggbb`; the ninth is the first again."""
    return SERIES_LIGHT[place % len(SERIES_LIGHT)]
