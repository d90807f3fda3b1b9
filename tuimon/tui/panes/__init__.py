"""What each pane says: pure functions from a snapshot and the view to rows of text. No Textual here."""
