"""The application: from settings and campaign to a running bot."""

from bot.spared import spare

spare()
