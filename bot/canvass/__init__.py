"""Door to door: the files it is made from, the sheets it is walked with, and an invented town."""
