"""The words: message name + language + values -> Telegram HTML."""
