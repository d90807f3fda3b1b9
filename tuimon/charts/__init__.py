"""Columns in, arrays of characters and styles out: line charts, sparklines, gauges, histograms."""
