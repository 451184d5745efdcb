"""The questions of `portevoix init`: each is an option too, and says in one sentence what it does not take."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, time
from itertools import pairwise
from typing import Any

from bot.campaign.electorate import is_one_commune
from bot.commands.founding_file import FUNDING, LATE, SATURDAY, closes_late, territories_in_areas
from bot.commands.places import meant, wide_area_named, wide_areas
from bot.communes import Gazetteer
from bot.errors import UnknownArea
from bot.frozen import Frozen
from bot.rules.areas import EVERYWHERE, normal_area
from bot.rules.ballot_kinds import ONE_ROUND, BallotKind, Reveals
from bot.rules.territories import ABROAD
from bot.rules.typed import Meaning, phrase
from bot.words.vocabulary import vocabulary
from locales import LANGUAGES, SOURCE_LANGUAGE

LANGUAGE_ORDER = ", ".join(LANGUAGES)
MOST_ROUNDS = 4
EVERYWHERE_SAID = frozenset({"everywhere", "partout", "france", "fr"})


class BadAnswer(ValueError):
    """An answer that the question does not take, and what it takes; the question is put again."""


@dataclass
class Founding:
    """What was answered so far, by the names of the questions, and what answers are read with."""

    gazetteer: Callable[[], Gazetteer]
    answers: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> BallotKind:
        return BallotKind(self.answers["kind"])

    @property
    def is_of_members(self) -> bool:
        return self.kind is BallotKind.MEMBERS


class Prompt(Frozen):
    """A question, the value it sets, and how an answer is read; an empty one means the default, if there is one.

    `concerns`: whether it is asked at all, after what was answered before.
    """

    name: str
    text: str
    read: Callable[[str, Founding], Any]
    default: Callable[[Founding], str | None] = lambda founding: None
    concerns: Callable[[Founding], bool] = lambda founding: True

    @property
    def option(self) -> str:
        return "--" + self.name.replace("_", "-")

    def answer(self, text: str, founding: Founding) -> Any:
        """What the answer says. Raises BadAnswer."""
        try:
            text.encode()
        except UnicodeEncodeError:
            shown = text.encode("utf-8", "backslashreplace").decode()
            raise BadAnswer(
                f"“{shown}” holds what is not UTF-8: write it anew, or set your terminal to UTF-8."
            ) from None
        return self.read(text, founding)


def some_text(text: str, founding: Founding) -> str:
    if not text:
        raise BadAnswer("This is needed: write something.")
    return text


def any_text(text: str, founding: Founding) -> str:
    return text


def kind(text: str, founding: Founding) -> BallotKind:
    try:
        return BallotKind(text.lower())
    except ValueError:
        raise BadAnswer(f"“{text}” is no kind of vote: choose among {', '.join(BallotKind)}.") from None


def reveals(text: str, founding: Founding) -> str:
    if text not in tuple(Reveals):
        raise BadAnswer(f"“{text}” is none of these: choose among {', '.join(Reveals)}.")
    return str(text)


def contact(text: str, founding: Founding) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+|https://\S+", text):
        raise BadAnswer("Write an e-mail address such as data@example.org, or the https address of a page.")
    return text


def languages(text: str, founding: Founding) -> tuple[str, ...]:
    codes = tuple(dict.fromkeys(text.replace(",", " ").lower().split()))
    unknown = [code for code in codes if code not in LANGUAGES]
    if unknown or not codes:
        said = f"There are no words in “{unknown[0]}”: choose" if unknown else "Choose"
        raise BadAnswer(f"{said} among {LANGUAGE_ORDER}; the first is the fallback.")
    return codes


def rounds(text: str, founding: Founding) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_ROUNDS:
        raise BadAnswer(f"“{text}” is no number of rounds: write one from 1 to {MOST_ROUNDS}.")
    if int(text) > 1 and founding.kind in ONE_ROUND:
        raise BadAnswer(f"A vote of kind “{founding.kind}” has one round: write 1.")
    return int(text)


def days(text: str, founding: Founding) -> tuple[date, ...]:
    found: list[date] = []
    for word in text.replace(",", " ").split():
        try:
            found.append(date.fromisoformat(word))
        except ValueError:
            raise BadAnswer(f"“{word}” is no day of the calendar: write it such as 2027-04-11.") from None
    wanted = founding.answers["rounds"]
    if len(found) != wanted:
        many = "one day" if wanted == 1 else f"{wanted} days, one for each round"
        raise BadAnswer(f"Write {many}, such as 2027-04-11.")
    for number, (earlier, later) in enumerate(pairwise(found), start=1):
        if later <= earlier:
            raise BadAnswer(
                f"Round {number + 1} ({later}) is not after round {number} ({earlier}): write the earliest day first."
            )
    return tuple(found)


def areas(text: str, founding: Founding) -> tuple[str, ...]:
    """Codes or names, one or several; everywhere stands alone. Keeps what each is called, to be told."""
    found = {area_named(word.strip(), founding): word.strip() for word in text.split(",") if word.strip()}
    if not found:
        raise BadAnswer("Write communes, départements or régions, with commas between them, or everywhere.")
    if EVERYWHERE in found:
        return (EVERYWHERE,)
    founding.answers["area_names"] = [area_name(code, founding.gazetteer()) for code in found]
    return tuple(found)


def area_named(text: str, founding: Founding) -> str:
    """The code of an area that was named or written. Raises BadAnswer."""
    if text.lower() in EVERYWHERE_SAID:
        return EVERYWHERE
    gazetteer = founding.gazetteer()
    try:
        code = normal_area(text)
    except UnknownArea:
        code = ""
    if code and (not is_one_commune(code) or gazetteer.by_code(code)):
        return code
    wide = wide_area_named(text, gazetteer)
    searched = gazetteer.search(text, limit=1)
    commune = searched.results[0] if searched.confident else None
    is_its_name = commune is not None and phrase(commune.name) == phrase(text)
    if wide and commune and is_its_name and commune.department != wide:
        raise BadAnswer(f"“{text}” is a département ({wide}) and a commune ({commune.code}): write its code.")
    if commune is not None and (wide is None or is_its_name):
        return commune.code
    if wide is not None:
        return wide
    found = " or ".join(meant(text, gazetteer))
    raise BadAnswer(
        f"“{text}” is no commune, département or région that I know: "
        + (f"do you mean {found}? Write its code." if found else "write its name or its code, such as 69266.")
    )


def area_name(code: str, gazetteer: Gazetteer) -> str:
    """What an area is called in the file."""
    commune = gazetteer.by_code(code) if is_one_commune(code) else None
    if commune is not None:
        return f"{commune.name} ({commune.department})"
    return wide_areas(gazetteer).get(code, code)


def hours(text: str, founding: Founding) -> tuple[time, time]:
    hour = r"(\d{1,2})(?:\s*[:hH]\s*(\d{2})?)?"
    found = re.fullmatch(rf"{hour}\s*(?:-|–|to|à)\s*{hour}", text.strip())
    try:
        if found is None:
            raise ValueError
        opens = time(int(found[1]), int(found[2] or 0))
        closes = time(int(found[3]), int(found[4] or 0))
    except ValueError:
        raise BadAnswer(f"“{text}” is no span of hours: write it such as 08:00-18:00.") from None
    if opens >= closes:
        raise BadAnswer(
            f"The vote closes at {closes:%H:%M}, not after it opens at {opens:%H:%M}: write both anew."
        )
    return opens, closes


def yes_or_no(text: str, founding: Founding) -> bool:
    meaning = vocabulary(SOURCE_LANGUAGE).meaning({"y": "yes", "n": "no"}.get(text.lower(), text))
    if meaning not in (Meaning.YES, Meaning.NO):
        raise BadAnswer("Answer yes or no.")
    return meaning is Meaning.YES


def _usual_rounds(founding: Founding) -> str:
    return "1" if founding.kind in {*ONE_ROUND, BallotKind.MEMBERS} else "2"


def _usual_area(founding: Founding) -> str | None:
    """Where such a vote is held, unless only who asks can know."""
    of_some = (BallotKind.MUNICIPAL, BallotKind.LEGISLATIVE, BallotKind.ELECTION)
    return None if founding.kind in of_some else "everywhere"


def _usual_hours(founding: Founding) -> str:
    if founding.is_of_members:
        return "09:00-18:00"
    if closes_late(founding.kind, founding.answers.get("area", ())):
        return f"08:00-{LATE:%H:%M}"
    closes = 19 if founding.kind in (BallotKind.PRESIDENTIAL, BallotKind.PRIMARY) else 18
    return f"08:00-{closes}:00"


def _usual_saturday(founding: Founding) -> str:
    # All over the Republic the overseas electors vote before the results of Paris are known; nowhere else.
    return "no" if founding.kind is BallotKind.MUNICIPAL else "yes"


def _is_public(founding: Founding) -> bool:
    return not founding.is_of_members


def _reaches_saturday(founding: Founding) -> bool:
    reached = territories_in_areas(founding.answers.get("area", ()))
    return _is_public(founding) and bool(reached & {*SATURDAY, ABROAD})


QUESTIONS = (
    Prompt(name="kind", text=f"The kind of vote ({', '.join(BallotKind)})", read=kind),
    Prompt(name="name", text="The campaign’s name", read=some_text),
    Prompt(
        name="languages",
        text=f"Its languages, the fallback first ({LANGUAGE_ORDER})",
        read=languages,
        default=lambda founding: "fr en",
    ),
    Prompt(name="sender", text="Who writes (the name under each message)", read=some_text),
    Prompt(
        name="statement",
        text="One sentence that says who writes and why (translate it in the file)",
        read=some_text,
    ),
    Prompt(name="controller", text="Who answers for the data (an association, a party)", read=some_text),
    Prompt(name="address", text="Its postal address", read=some_text),
    Prompt(name="privacy_contact", text="Where to write about one’s data", read=contact),
    Prompt(
        name="reveals",
        text=f"What being a member tells of somebody ({', '.join(Reveals)})",
        read=reveals,
        default=lambda founding: Reveals.NOTHING.value,
        concerns=lambda founding: founding.is_of_members,
    ),
    Prompt(
        name="funding",
        text="Where the money comes from (EU 2024/900)",
        read=some_text,
        default=lambda founding: FUNDING,
        concerns=_is_public,
    ),
    Prompt(
        name="period",
        text="The period of the campaign, in words",
        read=some_text,
        concerns=_is_public,
    ),
    Prompt(name="rounds", text="How many rounds", read=rounds, default=_usual_rounds),
    Prompt(name="days", text="The day of each round, such as 2027-04-11 2027-04-25", read=days),
    Prompt(
        name="area",
        text="Whose people vote: communes, départements or régions with commas between them, or everywhere",
        read=areas,
        default=_usual_area,
        concerns=_is_public,
    ),
    Prompt(
        name="saturday",
        text="Do the Americas and French Polynesia vote on the Saturday before?",
        read=yes_or_no,
        default=_usual_saturday,
        concerns=_reaches_saturday,
    ),
    Prompt(
        name="online",
        text="Is the vote online?",
        read=yes_or_no,
        default=lambda founding: "no",
        concerns=lambda founding: founding.is_of_members,
    ),
    Prompt(
        name="place",
        text="Where it is held (an empty line: to be told later)",
        read=any_text,
        default=lambda founding: "",
        concerns=lambda founding: founding.is_of_members and not founding.answers["online"],
    ),
    Prompt(name="hours", text="From when to when one may vote", read=hours, default=_usual_hours),
)
