"""Writes a report as Markdown, with its curves as text: it reads well in a terminal, a chat and an issue."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tuimon.charts.grid import rows
from tuimon.charts.histogram import draw_histogram
from tuimon.charts.layout import plot_area
from tuimon.charts.lines import Line, draw_lines
from tuimon.charts.marks import Mark, MarkKind
from tuimon.charts.scales import LINEAR, LOG
from tuimon.core.text import clean, shorten_middle
from tuimon.output.figure import Panel, Sign
from tuimon.output.report import Chapter, Charts, Entry, Findings, Report, Section, Table

_SIZE = (12, 76)
# What Markdown takes for markup wherever it stands, `_` at the edge of a word, and what begins a block.
_MARKUP = re.compile(r"[\\`*\[\]|~]|(?<!\w)_|_(?!\w)")
_BLOCK = re.compile(r"^(\s*\d*)([-+.)](?=\s|$)|[#>=])")
_MARKS: dict[str, MarkKind] = {
    "critical": "finding_critical",
    "warning": "finding_warning",
    "restart": "restart",
}
_KEYS = "abcdefgh"


def report_markdown(report: Report) -> str:
    """Return the report as Markdown."""
    return "\n".join(_document(report)) + "\n"


def escaped(text: str) -> str:
    """Return text from a file as it may stand in a cell: in one line, without markup or HTML."""
    safe = clean(text).replace("&", "&amp;").replace("<", "&lt;")
    return _MARKUP.sub(r"\\\g<0>", safe)


def sentence(text: str) -> str:
    """Return text from a file as it may stand anywhere, also where a block could begin."""
    return _BLOCK.sub(r"\1\\\2", escaped(text))


def _document(report: Report) -> Iterator[str]:
    yield f"# {sentence(report.title)}"
    yield ""
    yield sentence(report.made)
    for chapter in report.chapters:
        yield ""
        yield from _chapter(chapter)


def _chapter(chapter: Chapter) -> Iterator[str]:
    status = f" ({chapter.status.value})" if chapter.status is not None else ""
    yield f"## {sentence(chapter.title)}{status}"
    yield ""
    yield from (f"- {sentence(said)}" for said in chapter.verdict)
    if chapter.facts:
        yield ""
        yield from _table_lines(Table("", ("what", "value"), chapter.facts))
    for section in chapter.sections:
        yield ""
        yield f"### {sentence(section.title)}"
        yield ""
        yield from _section(section)
        if section.note:
            yield ""
            yield sentence(section.note)


def _section(section: Section) -> Iterator[str]:
    if isinstance(section, Table):
        yield from _table_lines(section)
    elif isinstance(section, Charts):
        for panel in section.panels:
            yield from _panel_lines(panel)
    elif isinstance(section, Findings):
        for entry in section.entries:
            yield from _entry_lines(entry)


def _table_lines(table: Table) -> Iterator[str]:
    yield f"| {' | '.join(map(escaped, table.heads))} |"
    yield "|" + "|".join("---:" if at in table.numbers else "---" for at in range(len(table.heads))) + "|"
    for row in table.rows:
        yield f"| {' | '.join(map(escaped, row))} |"


def _entry_lines(entry: Entry) -> Iterator[str]:
    finding = entry.finding
    where = f" at step {finding.step}" if finding.step is not None else ""
    state = "open" if entry.open else "resolved"
    others = f", and {entry.others} more like it" if entry.others else ""
    word = finding.severity.name.lower()
    yield f"- **{word}** {escaped(finding.rule)} in {escaped(finding.series)}{where} ({state}{others}):"
    yield f"  {sentence(finding.message)}"
    for each in entry.followed:
        at = f"step {each.step}: " if each.step is not None else ""
        yield f"  - then {at}{escaped(each.message)}"
    for name, sentences in (("why", finding.causes), ("what to do", finding.remedies)):
        if sentences:
            yield f"  - {name}: {escaped('; '.join(sentences))}"
    if entry.panel is not None:
        yield ""
        yield from _panel_lines(entry.panel)


def _panel_lines(panel: Panel) -> Iterator[str]:
    """Return a panel as text in a block of code; nothing in it can end the block."""
    head = panel.y_label + (", log" if panel.log else "")
    yield f"**{escaped(panel.title)}** ({escaped(head)} over {escaped(panel.x_label)})"
    named = [(key, each.name) for key, each in zip(_KEYS, panel.named, strict=False)]
    if len(named) > 1:
        yield "; ".join(f"{key}: {escaped(name)}" for key, name in named)
    if panel.note:
        yield sentence(panel.note)
    yield ""
    yield "```text"
    yield from (line.rstrip() for line in _drawn(panel, {name: key for key, name in named}))
    yield "```"
    yield ""


def _drawn(panel: Panel, keys: dict[str, str]) -> list[str]:
    if panel.bars:
        first = panel.bars[0]
        named = [f"{shorten_middle(first.name, _SIZE[1])}:"] if len(panel.bars) > 1 else []
        return named + rows(draw_histogram(first.counts, first.edges, _SIZE))
    y = panel.y_axis()
    many = len(keys) > 1
    grid = draw_lines(
        [
            Line(curve.columns, raw=None if many else curve.raw, key=keys.get(curve.name, "") if many else "")
            for curve in panel.curves
        ],
        _SIZE,
        panel.x_limits,
        None if y is None else y.limits,
        y_scale=LOG if panel.log else LINEAR,
        x_tick_labels=panel.x_ticks(plot_area(_SIZE, "braille").x_tick_count),
        marks=[mark for sign in panel.signs if (mark := _mark(sign)) is not None],
    )
    return rows(grid)


def _mark(sign: Sign) -> Mark | None:
    kind = _MARKS.get(sign.kind)
    return None if kind is None else Mark(sign.x, kind)
