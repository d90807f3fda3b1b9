"""The page of all rules, from what stands beside each of them."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from typing import Any

from tuimon.analysis.findings.catalog import RULES, FindingSettings
from tuimon.analysis.findings.frame import Rule

_SAYS_NOTHING = re.compile(r"Defaults of `\w+`\.$")
_ATTRIBUTE = re.compile(r"^    (\w+): ")


def markdown_table() -> str:
    """Return a table of all rules in the order in which they look at a point."""
    lines = ["| rule | severity | what it finds |", "|---|---|---|"]
    lines += [
        f"| [`{rule.name}`](#{rule.name}) | {rule.severity.name.lower()} | {_what(rule)} |" for rule in RULES
    ]
    return "\n".join(lines) + "\n"


def markdown_sections() -> str:
    """Return a section for each rule: what it finds, from what, its thresholds, why and what to do."""
    return "\n".join(_section(rule) for rule in RULES)


def _section(rule: type[Rule[Any]]) -> str:
    limits = getattr(FindingSettings(), rule.name)
    paragraphs, meanings = _documentation(limits)
    where = "in each series" if rule.per_series else "in the run as a whole"
    seen = ", ".join(f"`{role.value}`" for role in sorted(rule.roles))
    lines = [f"### {rule.name}", "", f"{_what(rule)} Looked for {where}{f' ({seen})' if seen else ''}.", ""]
    lines += [f"{paragraph}\n" for paragraph in [*_more(rule), *paragraphs]]
    lines += ["| threshold | default | what it means |", "|---|---|---|"]
    for each in fields(limits):
        default = getattr(limits, each.name)
        shown = str(default).lower() if isinstance(default, bool) else f"{default:g}"
        lines.append(f"| `{each.name}` | {shown} | {meanings[each.name]} |")
    lines += ["", "Likely causes:", *(f"- {cause}" for cause in rule.causes)]
    lines += ["", "What to do:", *(f"- {remedy}" for remedy in rule.remedies), ""]
    return "\n".join(lines)


def _what(rule: type[Rule[Any]]) -> str:
    return " ".join((inspect.getdoc(rule) or "").split("\n\n")[0].split())


def _more(rule: type[Rule[Any]]) -> list[str]:
    return [" ".join(part.split()) for part in (inspect.getdoc(rule) or "").split("\n\n")[1:]]


def _documentation(limits: object) -> tuple[list[str], dict[str, str]]:
    """Return the paragraphs of the documentation of thresholds, and what each of them means."""
    text, _, attributes = (inspect.getdoc(limits) or "").partition("Attributes:\n")
    meanings: dict[str, str] = {}
    name = ""
    for line in attributes.splitlines():
        begun = _ATTRIBUTE.match(line)
        if begun:
            name = begun[1]
            meanings[name] = line[begun.end() :]
        elif name and line.strip():
            meanings[name] += f" {line.strip()}"
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    return [part for part in paragraphs if part and not _SAYS_NOTHING.match(part)], meanings
