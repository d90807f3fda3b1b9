"""What `scripts/make_sample_runs.py` is made of: one module per sample run, and what they have in common."""
