"""The conversation: parse the update, call one action, answer with one text."""
