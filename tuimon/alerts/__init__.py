"""What leaves the screen: events of runs, and what they set off: commands, messages, bells and titles."""
