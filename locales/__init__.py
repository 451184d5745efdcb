"""The words: languages, gettext catalogues and message templates."""
