"""The pages of supporters, under `/app/`: in a browser, or as a Mini App inside Telegram."""
