"""Questions that wait for the bot's answer: taps on buttons and inline queries."""

from dataclasses import dataclass
from typing import Any

from simulator.clock import Clock, monotonic
from simulator.errors import BotApiError, bad_request
from simulator.events import Waiters

# Seconds of the clock after which Telegram refuses an answer.
ANSWER_LIFE = 150.0
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
MOST_KEPT = 50_000


@dataclass(slots=True, kw_only=True)
class Query:
    """One tap or inline query; `answer` is None until the bot answered."""

    query_id: str
    person_id: int
    text: str = ""
    asked: float
    answer: dict[str, Any] | None = None


class Queries:
    """Queries by identifier; the oldest are forgotten first."""

    def __init__(self, waiters: Waiters, clock: Clock, first_id: int) -> None:
        self._waiters = waiters
        self._clock = clock
        self._next_id = first_id
        self._queries: dict[str, Query] = {}

    def ask(self, person_id: int, text: str = "") -> Query:
        query = Query(query_id=str(self._next_id), person_id=person_id, text=text, asked=self._clock.age())
        self._next_id += 1
        self._queries[query.query_id] = query
        if len(self._queries) > MOST_KEPT:
            del self._queries[next(iter(self._queries))]
        return query

    def find(self, query_id: str) -> Query | None:
        return self._queries.get(query_id)

    def button_of(self, person_id: int) -> dict[str, Any]:
        """The button above the results that somebody got last; empty where there is none."""
        for query in reversed(self._queries.values()):
            if query.person_id == person_id and query.answer is not None:
                return dict(query.answer.get("button") or {})
        return {}

    def answer(self, query_id: str, answer: dict[str, Any], *, once: bool = True) -> Query:
        """Record the bot's answer, in time. A second one is refused, or without `once` overlooked."""
        query = self._queries.get(query_id)
        if query is None or self._clock.age() - query.asked > ANSWER_LIFE:
            raise bad_request(TOO_OLD)
        if query.answer is not None:
            if once:
                raise bad_request(TOO_OLD)
            return query
        query.answer = answer
        self._waiters.wake(("query", query_id))
        return query

    async def wait_for_answer(self, query: Query, seconds: float) -> dict[str, Any] | None:
        until = monotonic() + seconds
        while query.answer is None and not self._waiters.closed and (left := until - monotonic()) > 0:
            await self._waiters.wait(("query", query.query_id), left)
        return query.answer


def check_toast(text: str) -> str:
    """A toast or alert has at most 200 characters."""
    if len(text) > 200:
        raise BotApiError(400, "MESSAGE_TOO_LONG")
    return text
