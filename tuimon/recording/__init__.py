"""What we write ourselves: the demo run."""
