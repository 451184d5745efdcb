"""The console: what coordinators see and decide in a browser, by the same actions as in the chat."""
