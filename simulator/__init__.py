"""A local Telegram: a Bot API server and a chat page. It knows nothing of the bot that talks to it."""
