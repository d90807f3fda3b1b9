"""Write the program's key table into the README: `python -m scripts.write_key_table`, from the root."""

from __future__ import annotations

from scripts.between_markers import fill
from tuimon.tui.keys import markdown_table

if __name__ == "__main__":
    fill("README.md", {"keys": markdown_table()})
