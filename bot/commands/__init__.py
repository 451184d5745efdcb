"""The sub-commands of `portevoix`, by what they are about. Each module adds its own to the parser."""
