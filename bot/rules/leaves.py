"""The leaves of an audience's expression: one condition each, `in:69` or `rsvp:any:yes`, and how they are written.

`LEAVES` is the one table of them: what is read of each (`bot.rules.belonging`) and how SQL asks for it
(`db.expressions`) have a row of the same name, which a test compares.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from types import MappingProxyType

from bot.errors import BadAudience, UnknownArea
from bot.frozen import Frozen
from bot.rules.areas import ABROAD_AREA, EVERYWHERE, department_of, nearest_to, normal_area
from bot.rules.territories import METROPOLE, at_local, zone_of

ANY = "any"
NONE = "none"
SILENT = "silent"
LONGEST_NAME = 40
MAX_RADIUS_KM = 500
MOST_DAYS = 3650
_YEARS = range(2000, 2101)


class Leaf(Frozen):
    """One condition on a person: its name, and its arguments in their canonical spelling."""

    name: str
    arguments: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ":".join((self.name, *self.arguments))

    @property
    def uses_commune(self) -> bool:
        """Whether it asks where a person votes below their territory, which needs their consent (purpose `commune`)."""
        return self.name == "near" or (
            self.name == "in" and self.arguments[0] not in {EVERYWHERE, ABROAD_AREA}
        )


Reader = Callable[[str], str]
"""Reads one argument to its canonical spelling; raises BadAudience with what to write instead."""


class LeafForm(Frozen):
    """How a leaf is written: an example that can be typed, what it means, and a reader for each argument."""

    example: str
    meaning: str
    arguments: tuple[Reader, ...] = ()


def _area(text: str) -> str:
    try:
        return normal_area(text)
    except UnknownArea as unknown:
        near = nearest_to(text)
        if not near:
            raise BadAudience(unknown.sentence) from None
        raise BadAudience(
            f"There is no area {text}: the nearest that exist are {', '.join(near)}.",
            why="no_area",
            choices=near,
        ) from None


def _commune(text: str) -> str:
    try:
        department_of(text.upper())
    except UnknownArea:
        raise BadAudience(f"“{text}” is not a commune’s INSEE code: write one such as 69123.") from None
    return text.upper()


def _one_of(*choices: str) -> Reader:
    def read(text: str) -> str:
        if text.casefold() in choices:
            return text.casefold()
        raise BadAudience(f"“{text}” is no such answer: write {either(choices)}.")

    return read


def either(choices: Sequence[str]) -> str:
    """Some choices as a sentence names them: “a, b or c”."""
    return " or ".join((", ".join(choices[:-1]), choices[-1])) if len(choices) > 1 else choices[0]


def _number(what: str, least: int, most: int) -> Reader:
    def read(text: str) -> str:
        if text.isascii() and text.isdigit() and len(text) <= 18 and least <= int(text) <= most:
            return str(int(text))
        raise BadAudience(f"“{text}” is not {what}: write a whole number from {least} to {most:,}.")

    return read


def _matching(pattern: str, wanted: str, fold: Callable[[str], str] = str) -> Reader:
    def read(text: str) -> str:
        if re.fullmatch(pattern, text):
            return fold(text)
        raise BadAudience(f"“{text}” is not {wanted}.")

    return read


_MOMENT = re.compile(r"([<>])(?:([0-9]{4}-[0-9]{2}-[0-9]{2})|([0-9]{1,4})d)", re.IGNORECASE)


def _moment(text: str) -> str:
    found = _MOMENT.fullmatch(text)
    if found is not None and found[3] is not None and 1 <= int(found[3]) <= MOST_DAYS:
        return f"{found[1]}{int(found[3])}d"
    if found is not None and found[2] is not None:
        try:
            if date.fromisoformat(found[2]).year in _YEARS:
                return f"{found[1]}{found[2]}"
        except ValueError:
            pass  # no such day
    raise BadAudience(
        f"“{text}” is not a time: write >2016-11-01 (after that day), <2016-11-01 (before it),"
        f" <7d (within seven days) or >7d (longer ago), up to {MOST_DAYS} days."
    )


def _language(text: str) -> str:
    language, _, region = text.partition("-")
    return f"{language.lower()}-{region.upper()}" if region else language.lower()


def saved_name(text: str) -> str:
    """The name of a saved audience as it is stored. Raises BadAudience for what is none."""
    if len(text) <= LONGEST_NAME and re.fullmatch(r"[^\W\d_][\w-]*", text):
        return text.casefold()
    raise BadAudience(
        f"“{_short(text)}” is no name of an audience: write a letter first, then letters, digits, - and _, at most"
        f" {LONGEST_NAME} together."
    )


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]}…"


_EVENT = _matching(r"[0-9A-Za-z_-]{1,16}", "the code of an event: write it as its link does, or any")
_CODE = r"[0-9A-Za-z_-]{1,16}"
_SURVEY = _matching(_CODE, "the code of a survey: `portevoix surveys list` tells them")
_OPTION = _matching(
    r"(?:[0-9A-Za-z_-]{1,16}\.)?[0-9A-Za-z_-]{1,16}",
    "an option of a survey: write its name, QUESTION.OPTION, any or none",
    str.casefold,
)
_BALLOT = _number("the number of a ballot", 1, 99)
_BROADCAST = _number("the number of a message", 1, 2**53)

LEAVES: Mapping[str, LeafForm] = MappingProxyType(
    {
        "in": LeafForm(
            example="in:69",
            meaning="who votes in an area: FR (everybody), abroad, R84, 69 or 69123",
            arguments=(_area,),
        ),
        "near": LeafForm(
            example="near:69123:20",
            meaning=f"who votes within 1 to {MAX_RADIUS_KM} km of a commune’s centre",
            arguments=(_commune, _number("a distance in kilometres", 1, MAX_RADIUS_KM)),
        ),
        "language": LeafForm(
            example="language:fr",
            meaning="who reads a language",
            arguments=(
                _matching(
                    r"[A-Za-z]{2,3}(?:-[A-Za-z]{2,4})?",
                    "the code of a language: write one such as fr",
                    _language,
                ),
            ),
        ),
        "volunteer": LeafForm(example="volunteer", meaning="who wants to lend a hand"),
        "staff": LeafForm(example="staff", meaning="who has a role in the team"),
        "recruited": LeafForm(example="recruited", meaning="who came by a friend’s link"),
        "recruiter": LeafForm(example="recruiter", meaning="whose link brought somebody who is registered"),
        "named": LeafForm(example="named", meaning="who agreed to be known to the team"),
        "rsvp": LeafForm(
            example="rsvp:any:yes",
            meaning="what was answered to an event, by its code, or to any: yes, maybe, no, silent (no answer, asked or"
            " not), waitlisted, attended or absent",
            arguments=(_EVENT, _one_of("yes", "maybe", "no", SILENT, "waitlisted", "attended", "absent")),
        ),
        "intention": LeafForm(
            example="intention:1:will",
            meaning="what was said of going to vote in a ballot: will, unsure, cannot or silent",
            arguments=(_BALLOT, _one_of("will", "unsure", "cannot", SILENT)),
        ),
        "plan": LeafForm(
            example="plan:1:any",
            meaning="the time planned to vote in a ballot: a slot of the campaign file, any or none",
            arguments=(
                _BALLOT,
                _matching(
                    r"\w{1,16}", "a slot: write any, none or a slot of the campaign file", str.casefold
                ),
            ),
        ),
        "vote": LeafForm(
            example="vote:1:voted",
            meaning="what was told of the vote in a ballot: voted, later, cannot or silent",
            arguments=(_BALLOT, _one_of("voted", "later", "cannot", SILENT)),
        ),
        "survey": LeafForm(
            example="survey:CODE:OPTION",
            meaning="who chose an option of a survey (OPTION, or QUESTION.OPTION where several questions have one of"
            " that name), any, or none (no answer, asked or not)",
            arguments=(_SURVEY, _OPTION),
        ),
        "joined": LeafForm(
            example="joined:>2016-11-01",
            meaning="who signed up after a day (>2016-11-01), before one (<2016-11-01), within so many days (<7d) or"
            " longer ago (>7d)",
            arguments=(_moment,),
        ),
        "seen": LeafForm(
            example="seen:<30d",
            meaning="who was last active then, written as with joined",
            arguments=(_moment,),
        ),
        "got": LeafForm(
            example="got:12", meaning="who received a message, by its number", arguments=(_BROADCAST,)
        ),
        "answered": LeafForm(
            example="answered:12", meaning="who tapped a button of a message", arguments=(_BROADCAST,)
        ),
        "audience": LeafForm(
            example="audience:NAME", meaning="who is in a saved audience", arguments=(saved_name,)
        ),
        "sample": LeafForm(
            example="sample:10",
            meaning="so many percent of all, always the same people",
            arguments=(_number("a percentage", 1, 100),),
        ),
    }
)
"""Every leaf, by its name."""


def is_survey_code(text: str) -> bool:
    """Whether a survey may be called so."""
    # The number of a ballot is the subject of other answers.
    return re.fullmatch(_CODE, text) is not None and not text.isdigit()


def read_leaf(text: str) -> Leaf:
    """The leaf that is written so. Raises BadAudience with what to write instead."""
    name, *arguments = text.split(":")
    form = LEAVES.get(name.casefold())
    if form is None:
        raise BadAudience(_unknown(name), why="unknown_leaf", example=_nearest(name))
    if len(arguments) != len(form.arguments) or not all(arguments):
        raise BadAudience(
            f"“{_short(text)}” is not complete or says too much: write it as {form.example}.",
            why="bad_argument",
            example=form.example,
        )
    try:
        read = tuple(reader(each) for reader, each in zip(form.arguments, arguments, strict=True))
    except BadAudience as fault:
        values = {**fault.values, "why": fault.values["why"] or "bad_argument", "example": form.example}
        raise BadAudience(fault.sentence, **values) from None
    return Leaf(name=name.casefold(), arguments=read)


def _nearest(name: str) -> str:
    """The example of the condition that may be meant; nothing where none is near."""
    folded = name.casefold()
    # A word that was cut short is meant before one that only looks alike: `lang` is no `plan`.
    longer = [each for each in LEAVES if len(folded) > 2 and each.startswith(folded)]
    near = longer or get_close_matches(folded, LEAVES, n=1)
    return LEAVES[near[0]].example if near else ""


def _unknown(name: str) -> str:
    near = _nearest(name)
    wanted = f"write {near} if that is meant" if near else f"write {either(tuple(LEAVES))}"
    return f"There is no condition “{_short(name)}”: {wanted}."


class Period(Frozen):
    """Instants (aware UTC) from `since` on, included, and before `before`; None: without that end."""

    since: datetime | None = None
    before: datetime | None = None

    def holds(self, moment: datetime | None) -> bool:
        """Whether an instant lies in it; what never happened does not."""
        if moment is None:
            return False
        return (self.since is None or moment >= self.since) and (self.before is None or moment < self.before)


def period_of(written: str, now: datetime) -> Period:
    """The instants that `>2016-11-01`, `<7d` … mean at `now`; days are those of Paris.

    Days ago are counted from the full hour, so that an audience means the same people throughout an hour.
    """
    sign, when = written[0], written[1:]
    if when.endswith("d"):
        ago = now.replace(minute=0, second=0, microsecond=0) - timedelta(days=int(when[:-1]))
        return Period(since=ago) if sign == "<" else Period(before=ago)
    day = date.fromisoformat(when)
    starts = day + timedelta(days=1) if sign == ">" else day
    edge = at_local(starts, time(), zone_of(METROPOLE)).astimezone(UTC)
    return Period(since=edge) if sign == ">" else Period(before=edge)


def often_asked(ballots: Iterable[int]) -> Iterator[Leaf]:
    """What audiences ask most: what was said of these ballots, and who said yes to an event."""
    for ballot in ballots:
        for name, said in (("vote", "voted"), ("plan", ANY), ("intention", "will")):
            yield Leaf(name=name, arguments=(str(ballot), said))
    yield Leaf(name="rsvp", arguments=(ANY, "yes"))
