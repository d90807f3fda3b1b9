"""Write the table of formats into the README: `python -m scripts.write_format_table`, from the root."""

from __future__ import annotations

from scripts.between_markers import fill
from tuimon.sources.registry import markdown_table

if __name__ == "__main__":
    fill("README.md", {"formats": markdown_table()})
