"""Writes the screen as SVG that looks the same everywhere: no web font, braille drawn as dots."""

from __future__ import annotations

from html import escape

from tuimon.core.text import cell_width
from tuimon.tui.ink import style_of
from tuimon.tui.rows import Row
from tuimon.tui.scene import Picture

_CELL_WIDTH, _CELL_HEIGHT = 8.4, 17.0
_MARGIN, _TITLE_HEIGHT = 12.0, 26.0
_FONTS = "DejaVu Sans Mono, Menlo, Consolas, monospace"
_BACKGROUND = {"dark": "#14181d", "light": "#ffffff"}
_FOREGROUND = {"dark": "#d5dbe3", "light": "#1f2937"}
# The bit of each dot of a braille cell, by column and row.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))


def screen_svg(picture: Picture, size: tuple[int, int], theme: str, title: str) -> str:
    """Return the SVG of a picture on a screen of `size` = (columns, rows)."""
    width = size[0] * _CELL_WIDTH + 2 * _MARGIN
    height = size[1] * _CELL_HEIGHT + 2 * _MARGIN + _TITLE_HEIGHT
    places = dict(picture.plan.panes) | {f"chart{i}": rect for i, rect in enumerate(picture.plan.charts)}
    box = f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="{_FONTS}" font-size="14"'
    heading = f'x="{width / 2:.0f}" y="20" fill="{_FOREGROUND[theme]}" opacity="0.7" font-size="12"'
    pieces = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} xml:space="preserve">',
        f'<rect width="100%" height="100%" rx="8" fill="{_BACKGROUND[theme]}"/>',
        f'<text {heading} text-anchor="middle">{escape(title)}</text>',
        f'<g transform="translate({_MARGIN},{_MARGIN + _TITLE_HEIGHT})">',
    ]
    for name, rect in places.items():
        for y, row in enumerate(picture.panes.get(name, [])[: rect.height]):
            pieces += _row_pieces(row, rect.x, rect.y + y, theme)
    return "\n".join([*pieces, "</g>", "</svg>", ""])


def _row_pieces(row: Row, x: int, y: int, theme: str) -> list[str]:
    pieces = []
    for text, ink in row:
        style = style_of(theme, ink)
        colour = style.color.get_truecolor().hex if style.color is not None else _FOREGROUND[theme]
        bold = ' font-weight="bold"' if style.bold else ""
        dots = ""
        if style.bgcolor is not None:
            box = f'x="{x * _CELL_WIDTH:.1f}" y="{y * _CELL_HEIGHT:.1f}" height="{_CELL_HEIGHT}"'
            ground = style.bgcolor.get_truecolor().hex
            pieces.append(f'<rect {box} width="{cell_width(text) * _CELL_WIDTH:.1f}" fill="{ground}"/>')
        for part in _words(text):
            width = cell_width(part)
            if "\u2800" <= part[0] <= "\u28ff":
                dots += "".join(_braille_dots(character, x + i, y) for i, character in enumerate(part))
            elif "\u2580" <= part[0] <= "\u259f":
                pieces += [_block(character, x + i, y, colour) for i, character in enumerate(part)]
            elif part.strip():
                at = f'x="{x * _CELL_WIDTH:.1f}" y="{(y + 0.76) * _CELL_HEIGHT:.1f}"'
                length = f'textLength="{width * _CELL_WIDTH:.1f}" lengthAdjust="spacingAndGlyphs"'
                pieces.append(f'<text {at} {length} fill="{colour}"{bold}>{escape(part)}</text>')
            x += width
        if dots:
            pieces.append(f'<path d="{dots}" fill="{colour}"/>')
    return pieces


def _words(text: str) -> list[str]:
    """Split a text where spaces, braille, blocks and other characters meet."""
    parts: list[str] = []
    for character in text:
        if parts and _kind(parts[-1][0]) == _kind(character):
            parts[-1] += character
        else:
            parts.append(character)
    return parts


def _kind(character: str) -> int:
    if character == " ":
        return 0
    if "\u2800" <= character <= "\u28ff":
        return 1
    return 2 if "\u2580" <= character <= "\u259f" else 3


def _braille_dots(character: str, x: int, y: int) -> str:
    bits = ord(character) - 0x2800
    side = 2.2
    return "".join(
        f"M{x * _CELL_WIDTH + _CELL_WIDTH * (0.25 + 0.5 * column) - side / 2:.1f} "
        f"{y * _CELL_HEIGHT + _CELL_HEIGHT * (0.125 + 0.25 * row) - side / 2:.1f}h{side}v{side}h-{side}z"
        for column in range(2)
        for row in range(4)
        if bits & _DOTS[column][row]
    )


def _block(character: str, x: int, y: int, colour: str) -> str:
    code = ord(character)
    left, top, opacity = x * _CELL_WIDTH, y * _CELL_HEIGHT + 3, 1.0
    width, height = _CELL_WIDTH + 0.1, _CELL_HEIGHT - 6
    if 0x2581 <= code <= 0x2587:
        full = _CELL_HEIGHT * (code - 0x2580) / 8
        top, height = (y + 1) * _CELL_HEIGHT - full, full
    elif 0x2589 <= code <= 0x258F:
        width = _CELL_WIDTH * (0x2590 - code) / 8
    elif 0x2591 <= code <= 0x2593:
        opacity = 0.25 * (code - 0x2590)
    return (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'fill="{colour}" opacity="{opacity:.2f}"/>'
    )
