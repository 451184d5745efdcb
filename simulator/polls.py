"""Polls: made by a bot, answered by the person of a private chat or by the members of a group."""

from __future__ import annotations

from collections import Counter
from typing import Any

from simulator.errors import PersonError

Poll = dict[str, Any]
LONGEST_QUESTION = 300
LONGEST_OPTION = 100
MOST_OPTIONS = 12


def new_poll(
    poll_id: str,
    question: str,
    options: list[str],
    *,
    quiz: bool,
    anonymous: bool,
    several: bool,
    revoting: bool,
    correct: list[int],
    is_closed: bool,
) -> Poll:
    """A Poll that nobody has answered yet."""
    poll: Poll = {
        "id": poll_id,
        "question": question,
        "options": [
            {"text": text, "voter_count": 0, "persistent_id": str(number)}
            for number, text in enumerate(options)
        ],
        "total_voter_count": 0,
        "is_closed": is_closed,
        "is_anonymous": anonymous,
        "type": "quiz" if quiz else "regular",
        "allows_multiple_answers": several,
        "allows_revoting": revoting,
        "members_only": False,
    }
    if quiz and correct:
        poll["correct_option_ids"] = correct
        if len(correct) == 1:
            poll["correct_option_id"] = correct[0]
    return poll


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
