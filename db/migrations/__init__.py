"""How the tables came to be: one revision a file, climbed by `db.upgrade`."""
