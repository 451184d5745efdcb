"""Polls: made by a bot, answered by the person of a private chat or by the members of a group."""

from __future__ import annotations

from collections import Counter
from typing import Any

from simulator.errors import PersonError

Poll = dict[str, Any]
LONGEST_QUESTION = 300
LONGEST_OPTION = 100
LONGEST_EXPLANATION = 200
LONGEST_DESCRIPTION = 1024
MOST_OPTIONS = 12
# Seconds that a poll may be open; a longer period is cut (Client.cpp, process_send_poll_query).
SHORTEST_OPEN, LONGEST_OPEN = 5, 2_628_000


def answered(
    poll: Poll, votes: dict[int, list[int]], voter: int, numbers: list[int]
) -> tuple[Poll, dict[int, list[int]]]:
    """The poll and its votes once somebody has given these answers; none takes theirs back."""
    if poll["is_closed"]:
        raise PersonError("This poll is closed.")
    if voter in votes and not poll["allows_revoting"]:
        raise PersonError("A quiz is answered once.")
    if any(not 0 <= number < len(poll["options"]) for number in numbers) or len(set(numbers)) < len(numbers):
        raise PersonError(f"The answers of this poll are numbered from 0 to {len(poll['options']) - 1}.")
    if len(numbers) > 1 and not poll["allows_multiple_answers"]:
        raise PersonError("This poll takes one answer.")
    votes = {each: given for each, given in votes.items() if each != voter}
    if numbers:
        votes[voter] = sorted(numbers)
    counts = Counter(number for given in votes.values() for number in given)
    options = [option | {"voter_count": counts[number]} for number, option in enumerate(poll["options"])]
    return poll | {"options": options, "total_voter_count": len(votes)}, votes


def closed(poll: Poll) -> Poll:
    return poll | {"is_closed": True}


def copied(poll: Poll, number: str) -> Poll | None:
    """A poll of its own that asks the same, which nobody has answered yet; None for a quiz without an answer."""
    if poll["type"] == "quiz" and not poll.get("correct_option_ids"):
        return None
    options = [option | {"voter_count": 0} for option in poll["options"]]
    return poll | {"id": number, "options": options, "total_voter_count": 0, "is_closed": False}
