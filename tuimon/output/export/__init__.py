"""The points of runs in formats of other programs: tables, JSON lines, Parquet, event files."""
