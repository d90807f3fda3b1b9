"""Columnar series, the min/max pyramid, attempts, the catalog of runs and frozen views."""
