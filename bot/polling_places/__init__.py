"""A file of polling places: read, and matched to communes."""
