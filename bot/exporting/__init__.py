"""Files of what the campaign knows: which tables there are, in which formats, written row by row."""
