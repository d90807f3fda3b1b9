"""Writes a report as one HTML file that needs no network and no script."""

from __future__ import annotations

from collections.abc import Iterator

from tuimon.analysis.findings.finding import Finding
from tuimon.output.colours import SERIES_LIGHT
from tuimon.output.report import Chapter, Charts, Entry, Findings, Report, Section, Table
from tuimon.output.report_style import page_style
from tuimon.output.svg import element, safe_text
from tuimon.output.svg_chart import panel_svg

# What the page may load: nothing at all, from nowhere.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def report_html(report: Report) -> str:
    """Return the report as a whole HTML document."""
    return "".join(_document(report))


def _document(report: Report) -> Iterator[str]:
    title = safe_text(report.title)
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
    yield f"<title>{title}</title>\n<style>{page_style()}</style>\n</head>\n<body>\n"
    yield f'<header><h1>{title}</h1><p class="made">{safe_text(report.made)}</p></header>\n'
    if len(report.chapters) > 1:
        links = (f'<a href="#c{n}">{safe_text(c.title)}</a>' for n, c in enumerate(report.chapters))
        yield f"<nav>{''.join(links)}</nav>\n"
    for number, chapter in enumerate(report.chapters):
        yield from _chapter(chapter, number)
    yield "</body>\n</html>\n"


def _chapter(chapter: Chapter, number: int) -> Iterator[str]:
    yield f'<section class="chapter" id="c{number}">\n<h2>{safe_text(chapter.title)}'
    if chapter.status is not None:
        yield f'<span class="status {chapter.status.value}">{chapter.status.value}</span>'
    yield "</h2>\n"
    yield element("ul", [element("li", safe_text(text)) for text in chapter.verdict], class_="verdict")
    if chapter.fraction is not None:
        done = max(0.0, min(chapter.fraction, 1.0)) * 100
        kind = chapter.status.value if chapter.status is not None else ""
        yield f'<div class="progress {kind}"><i style="width:{done:.1f}%"></i></div>'
        yield f'<p class="muted">{done:.1f}%</p>\n'
    if chapter.facts:
        cards = (f"<div><dt>{safe_text(n)}</dt><dd>{safe_text(v)}</dd></div>" for n, v in chapter.facts)
        yield f'<dl class="facts">{"".join(cards)}</dl>\n'
    for section in chapter.sections:
        yield f"<h3>{safe_text(section.title)}</h3>\n"
        yield from _section(section)
        if section.note:
            yield f'<p class="note">{safe_text(section.note)}</p>\n'
    yield "</section>\n"


def _section(section: Section) -> Iterator[str]:
    if isinstance(section, Table):
        yield from _table(section)
    elif isinstance(section, Charts):
        yield _legend(section)
        yield '<div class="charts">\n'
        yield from (panel_svg(panel, named_above=bool(section.names)) + "\n" for panel in section.panels)
        yield "</div>\n"
    elif isinstance(section, Findings):
        yield from map(_entry, section.entries)


def _legend(charts: Charts) -> str:
    if not charts.names:
        return ""
    items = []
    for name, place in charts.names:
        line = element("path", class_=f"line s{place % len(SERIES_LIGHT)}", d="M0 5h22")
        sample = element("svg", line, class_="chart", viewBox="0 0 22 10", aria_hidden="true")
        items.append(element("li", sample + safe_text(name)))
    return element("ul", items, class_="legend")


def _entry(entry: Entry) -> str:
    finding = entry.finding
    word = finding.severity.name.lower()
    state = "open" if entry.open else "resolved"
    where = f"step {finding.step}, " if finding.step is not None else ""
    others = f", and {entry.others} more like it" if entry.others else ""
    about = f"{finding.rule} in {finding.series} ({where}{state}{others})"
    parts = [
        element(
            "div", element("span", word, class_=f"word sev-{word}") + " " + safe_text(about), class_="muted"
        ),
        element("div", safe_text(finding.message), class_="head text"),
    ]
    followed = tuple(f"{step_text(each)}{each.message}" for each in entry.followed)
    for name, sentences in (
        ("What followed", followed),
        ("Why this usually happens", finding.causes),
        ("What to do", finding.remedies),
    ):
        if sentences:
            parts.append(element("div", name, class_="muted"))
            parts.append(element("ul", [element("li", safe_text(sentence)) for sentence in sentences]))
    chart = panel_svg(entry.panel, height=240.0) if entry.panel is not None else ""
    return element("div", element("div", parts) + chart, class_=f"finding sev-{word}") + "\n"


def step_text(finding: Finding) -> str:
    """Return the step of a finding, as the beginning of a line."""
    return f"step {finding.step}: " if finding.step is not None else ""


def _table(table: Table) -> Iterator[str]:
    yield '<div class="table"><table>\n<thead><tr>'
    yield "".join(_cell("th", head, number=at in table.numbers) for at, head in enumerate(table.heads))
    yield "</tr></thead>\n<tbody>\n"
    for row in table.rows:
        cells = (_cell("td", text, number=at in table.numbers) for at, text in enumerate(row))
        yield f"<tr>{''.join(cells)}</tr>\n"
    yield "</tbody></table></div>\n"


def _cell(name: str, text: str, *, number: bool) -> str:
    return (
        f'<{name} class="n">{safe_text(text)}</{name}>' if number else f"<{name}>{safe_text(text)}</{name}>"
    )
