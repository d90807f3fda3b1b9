"""What is wrong with a run, since when, why it usually happens, and what to do."""
