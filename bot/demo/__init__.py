"""The demonstration: the bot with a local Telegram, a chat page and invented supporters."""
