"""The HTTP side: webhook, health, metrics, downloads, and the pages that people see (`bot.web.site`)."""
