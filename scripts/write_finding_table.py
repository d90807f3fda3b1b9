"""Write the rules into docs/findings.md: `python -m scripts.write_finding_table`, from the root."""

from __future__ import annotations

from pathlib import Path

from tuimon.analysis.findings.documentation import markdown_sections, markdown_table

PAGE = Path(__file__).parent.parent / "docs" / "findings.md"


def between(page: str, name: str, text: str) -> str:
    """Return a page with a text between the two markers of a name."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}{text}{end}{after}"


def filled(page: str) -> str:
    """Return the page with what the program says of its rules."""
    return between(between(page, "rules", markdown_table()), "sections", markdown_sections())


def main() -> None:
    """Replace what stands between the markers."""
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
