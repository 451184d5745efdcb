"""The HTTP side: webhook, health, metrics, downloads."""
