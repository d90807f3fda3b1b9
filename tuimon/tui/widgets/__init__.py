"""Textual widgets; they draw what the panes say and send only what changed."""
