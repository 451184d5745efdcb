"""Pure decisions: functions and frozen dataclasses, no input or output."""
