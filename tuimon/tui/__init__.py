"""The live screen: the only room that knows Textual."""
