"""Pages made by a process apart: the bot’s own passes their bytes on, and goes on sending."""
