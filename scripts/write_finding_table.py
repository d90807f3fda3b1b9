"""Write the rules into docs/findings.md: `python -m scripts.write_finding_table`, from the root."""

from __future__ import annotations

from scripts.between_markers import fill
from tuimon.analysis.findings.documentation import markdown_sections, markdown_table

if __name__ == "__main__":
    fill("docs/findings.md", {"rules": markdown_table(), "sections": markdown_sections()})
