"""A local Telegram: a Bot API server and a chat page. Knows nothing of the bot."""
