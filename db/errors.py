"""What can be wrong with the database, each as one sentence that says what to do."""

from bot.errors import PortevoixError


class DatabaseError(PortevoixError):
    """The database cannot be used as asked; the sentence is fit for the person who runs Portevoix."""


class CannotOpen(DatabaseError):
    """The file or the server cannot be reached, read or written."""


class Away(CannotOpen):
    """The server does not answer, or takes nobody now: it may still be starting."""

    may_pass = True


class WrongKey(DatabaseError):
    """The file does not open with this key."""


class MissingKey(DatabaseError):
    """There is an encrypted database but no key for it; a new key would not open it. A disk may not be mounted yet."""

    may_pass = True


class LostDatabase(DatabaseError):
    """The database is gone or empty, though there was one: a new campaign is not begun in its place by itself.
    A disk may not be mounted yet.
    """

    may_pass = True


class UnsafeKey(DatabaseError):
    """The key is malformed, or its file can be read by others."""


class InUse(DatabaseError):
    """Another process owns the SQLite database, or is writing to it for longer than we wait."""

    may_pass = True


class UnknownRevision(DatabaseError):
    """The tables were made by a newer Portevoix than this one, or were never made."""


class OlderTables(DatabaseError):
    """The tables were made by an older Portevoix, and only `run` and `db upgrade` change them."""


class BackupFailed(DatabaseError):
    """A backup or a restore stopped; nothing that existed was changed."""


class NotCounted(DatabaseError):
    """What was counted, and nobody waits for, was broken off."""


class MadeElsewhere(Exception):
    """This transaction, or process, only reads: what asks for more is done where one writes. Nobody is told of it."""


_COLLISIONS = ("40001", "40P01", "55P03")
"""What PostgreSQL gives up a transaction with because of another one: both changed the same, each waited for the other,
or a lock lasted for longer than its administrator lets anybody wait.
"""

_CANCELLED = "57014"


def was_in_the_way(error: BaseException) -> bool:
    """Whether PostgreSQL gave up a transaction because of another one: surely nothing of it stays."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) in _COLLISIONS


def broken_off(error: BaseException) -> str | None:
    """What PostgreSQL broke off in the middle, and what to do, as a sentence; None: it did not."""
    if getattr(getattr(error, "orig", None), "sqlstate", None) == _CANCELLED:
        return (
            "PostgreSQL broke off what this command asked: somebody cancelled it, or it took longer than the server’s"
            " statement_timeout allows this user. What it was changing is undone: raise that limit, and do it again."
        )
    if getattr(error, "connection_invalidated", False):
        return (
            "The connection to PostgreSQL broke while it was used: the server was stopped, or an administrator or a"
            " limit of time ended it. What was not committed yet is undone: see that the server runs, and do it again."
        )
    return None
