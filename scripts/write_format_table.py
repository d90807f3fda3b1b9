"""Write the table of formats into the README: `python -m scripts.write_format_table`, from the root."""

from __future__ import annotations

from pathlib import Path

from tuimon.sources.registry import markdown_table

BEGIN, END = "<!-- formats -->\n", "<!-- /formats -->\n"
README = Path(__file__).parent.parent / "README.md"


def main() -> None:
    """Replace what stands between the two markers."""
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(f"{before}{BEGIN}{markdown_table()}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
