"""The campaign file: read, checked, frozen, and the calendar it makes."""
