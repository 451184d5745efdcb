"""What can be done: one function, one transaction: load, decide (bot.rules), save."""
