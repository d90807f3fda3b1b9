"""How pictures look: the style sheet of every SVG, light, dark where the reader prefers it, light on paper.

Colours stand in the rules themselves, not in variables, which few programs beside browsers know.
"""

from __future__ import annotations

from tuimon.output.colours import (
    CRITICAL_DARK,
    CRITICAL_LIGHT,
    SERIES_DARK,
    SERIES_LIGHT,
    WARNING_DARK,
    WARNING_LIGHT,
)

FONT = (
    "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue','Noto Sans','DejaVu Sans',"
    "'Noto Sans CJK SC','Noto Sans CJK JP','PingFang SC','Microsoft YaHei','WenQuanYi Micro Hei',sans-serif"
)
# The light and the dark colour of each thing that is no curve.
INK = {
    "ground": ("#ffffff", "#14181e"),
    "panel": ("#f6f7f9", "#1b2027"),
    "ink": ("#1f2937", "#dfe5ec"),
    "muted": ("#5b6470", "#9aa4b2"),
    "grid": ("#e3e6ea", "#2b323c"),
    "axis": ("#8a929e", "#5d6776"),
    "restart": ("#7b1fa2", "#c792ea"),
    "critical": (CRITICAL_LIGHT, CRITICAL_DARK),
    "warning": (WARNING_LIGHT, WARNING_DARK),
    "info": ("#1256a8", "#6cb2ff"),
    "good": ("#1b6e34", "#5fcf80"),
}
_GEOMETRY = (
    f".chart text{{font-family:{FONT};font-size:11px}}"
    ".chart .title{font-size:13px;font-weight:600}.chart .heading{font-size:16px;font-weight:600}"
    ".chart .grid,.chart .axis{stroke-width:1}"
    ".chart .line{fill:none;stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}"
    ".chart .dash{stroke-dasharray:5 3}"
    ".chart .raw{fill-opacity:.25;stroke-opacity:.35;stroke-width:.7;stroke-linejoin:round}"
    ".chart .bar{fill-opacity:.6;stroke-width:.6}"
    ".chart .shared{fill-opacity:.1;stroke-width:1.4}"
    ".chart .restart{stroke-width:1.2;stroke-dasharray:2 3}"
    ".chart .cross{stroke-width:1.4;fill:none}"
)


def chart_style() -> str:
    """Return the style sheet of charts."""
    dark = f"@media screen and (prefers-color-scheme:dark){{{_colours(dark=True)}}}"
    return f"{_GEOMETRY}{_colours(dark=False)}{dark}"


def _colours(*, dark: bool) -> str:
    ink = {name: pair[dark] for name, pair in INK.items()}
    rules = [
        f".chart text{{fill:{ink['muted']}}}.chart .title,.chart .heading,.chart .name{{fill:{ink['ink']}}}",
        f".chart .ground{{fill:{ink['ground']}}}.chart .grid{{stroke:{ink['grid']}}}",
        f".chart .axis{{stroke:{ink['axis']}}}.chart .restart{{stroke:{ink['restart']}}}",
        f".chart .cross{{stroke:{ink['critical']}}}",
        *(f".chart .{name}{{fill:{ink[name]}}}" for name in ("critical", "warning")),
    ]
    for place, colour in enumerate(SERIES_DARK if dark else SERIES_LIGHT):
        rules.append(f".chart .s{place}{{stroke:{colour}}}.chart .f{place}{{fill:{colour};stroke:{colour}}}")
    return "".join(rules)
