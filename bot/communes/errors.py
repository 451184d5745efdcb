"""What can go wrong with the gazetteer; each message is the sentence shown to the person."""


class GazetteerError(Exception):
    """The gazetteer of communes cannot be used."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else (type(self).__doc__ or "")


class GazetteerUnreadable(GazetteerError):
    """The file of communes is missing or damaged: run `portevoix communes update` or reinstall."""


class UpdateFailed(GazetteerError):
    """The official list of communes could not be read; nothing was changed, try again later."""
