"""The application: from settings and campaign to a running bot."""
