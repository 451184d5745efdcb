"""Which database an address names, in the words of the drivers that Portevoix uses."""

from __future__ import annotations

import sqlalchemy as sa

from db.errors import CannotOpen


def parse_url(url: str) -> sa.URL:
    """The URL with the driver that Portevoix uses. Raises CannotOpen, without repeating a password."""
    remedy = "; use sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER:PASSWORD@HOST/DATABASE."
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise CannotOpen("PORTEVOIX_DATABASE is not a database URL" + remedy) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise CannotOpen("PORTEVOIX_DATABASE names no SQLite file" + remedy)
        return parsed.set(drivername="sqlite+aiosqlite")
    if backend in ("postgresql", "postgres"):
        return _with_ssl(parsed.set(drivername="postgresql+asyncpg"))
    raise CannotOpen(f"PORTEVOIX_DATABASE names {backend}, which is not supported" + remedy)


def _with_ssl(url: sa.URL) -> sa.URL:
    """PostgreSQL's own word is `sslmode`, which hosts give in their URLs; the driver's is `ssl`."""
    mode = url.query.get("sslmode")
    if mode is None:
        return url
    return url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
