"""The words in which a language says whom one writes to: the joins, the distances and the conditions of a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.frozen import Frozen

JOINS = ("and", "or", "except")
PLAIN = ("everybody", "abroad", "volunteer", "staff", "recruited", "recruiter", "named")
ABOUT_EVENTS = ("yes", "maybe", "no", "silent", "waitlisted", "attended", "absent")
ABOUT_VOTES: Mapping[str, str] = {
    "will": "intention:{}:will",
    "unsure": "intention:{}:unsure",
    "cannot": "intention:{}:cannot",
    "planned": "plan:{}:any",
    "unplanned": "plan:{}:none",
    "voted": "vote:{}:voted",
    "not_voted": "vote:{}:voted",
}


class AudienceWords(Frozen):
    """What people say of whom they write to. `joins`: `and`, `or`, `except`; `within` stands before a distance,
    `around` and `who` before or after what is meant and say nothing; `said`: conditions, by the names in `PLAIN`,
    `ABOUT_EVENTS` and `ABOUT_VOTES`.
    """

    joins: Mapping[str, tuple[str, ...]]
    within: tuple[str, ...]
    around: tuple[str, ...]
    who: tuple[str, ...]
    kilometres: tuple[str, ...]
    said: Mapping[str, tuple[str, ...]]


def words_of_all(several: Sequence[AudienceWords]) -> AudienceWords:
    """The words of several languages in one."""
    return AudienceWords(
        joins={
            key: tuple(word for words in several for word in words.joins[key]) for key in several[0].joins
        },
        within=tuple(word for words in several for word in words.within),
        around=tuple(word for words in several for word in words.around),
        who=tuple(word for words in several for word in words.who),
        kilometres=tuple(word for words in several for word in words.kilometres),
        said={key: tuple(word for words in several for word in words.said[key]) for key in several[0].said},
    )
