"""Styled text as bytes for a terminal, in as few of them as there are."""

from __future__ import annotations

import re

from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from textual.strip import Strip

_RESET = "\x1b[m"
_MARK = "x"
# ECMA-48, 8.3.117 (SGR): 30-37, 90-97 and 38;... set the colour of the text, and nothing else.
_COLOUR = r"(?:3[0-7]|9[0-7]|38;5;\d+|38;2;\d+;\d+;\d+)"
_ONLY_COLOUR = re.compile(rf"\x1b\[{_COLOUR}m")
_SETS_COLOUR = re.compile(rf"\x1b\[(?:[\d;]*;)?{_COLOUR}m")


class Pen:
    """Writes strips one behind the other, and changes the style only where it changes.

    Args:
        console: Tells how many colours there are.
    """

    def __init__(self, console: Console) -> None:
        self._colours = console._color_system or ColorSystem.TRUECOLOR  # noqa: SLF001  # as Textual asks
        self._starts: dict[Style | None, str] = {None: ""}
        self._current = ""

    def write(self, strip: Strip) -> str:
        """Return what draws a strip where the cursor is."""
        written: list[str] = []
        for text, style, _ in strip:
            start = self._starts.get(style)
            if start is None and style is not None:
                rendered = Strip.render_style(style, _MARK, color_system=self._colours)
                start = self._starts[style] = rendered.partition(_MARK)[0]
            written += (self._change_to(start or ""), text)
        return "".join(written)

    def lift(self) -> str:
        """Return what ends the last style."""
        return self._change_to("")

    def _change_to(self, start: str) -> str:
        current, self._current = self._current, start
        if start == current:
            return ""
        # A colour replaces a colour; everything else is taken back first.
        replaces = _SETS_COLOUR.fullmatch(start) and _ONLY_COLOUR.fullmatch(current)
        return start if replaces or not current else _RESET + start
