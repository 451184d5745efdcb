"""Who votes: the kind of the ballot, the communes or territories where it is held, what taking part reveals."""

from __future__ import annotations

from bot.campaign.toml import Source, TomlTable
from bot.errors import UnknownArea
from bot.rules.areas import ABROAD_AREA, EVERYWHERE, areas_around, normal_area
from bot.rules.ballot_kinds import ONE_ROUND, UNDER_THE_ELECTORAL_CODE, BallotKind, Reveals
from bot.rules.quiet import LawProfile
from bot.rules.territories import METROPOLE, TERRITORIES, territories_in

FORMS = "a commune (69266), a département (69), a région (R84) or abroad"


def read_kind(root: TomlTable) -> BallotKind:
    """The kind of vote; where the file says none, an election."""
    return BallotKind(
        root.one_of("kind", tuple(BallotKind), default=BallotKind.ELECTION) or BallotKind.ELECTION
    )


def read_reveals(root: TomlTable, kind: BallotKind) -> Reveals:
    """What taking part reveals: a political opinion, but in a vote of members what the file says."""
    if kind is BallotKind.MEMBERS:
        said = root.one_of("reveals", tuple(Reveals)) or Reveals.POLITICAL_OPINION
        return Reveals(said)
    if "reveals" in root.data and root.one_of("reveals", tuple(Reveals)) != Reveals.POLITICAL_OPINION:
        root.fault(
            "reveals",
            f"taking part in a campaign of kind “{kind}” reveals a political opinion",
            "remove reveals; only a vote of members may reveal something else",
        )
    return Reveals.POLITICAL_OPINION


def read_territories(polling: TomlTable, kind: BallotKind, areas: tuple[str, ...]) -> tuple[str, ...]:
    """The territories that take part: those named, those of the areas, or all; of a vote of members only one."""
    named = polling.some_of("territories", tuple(TERRITORIES))
    if kind is BallotKind.MEMBERS:
        if len(named) > 1:
            polling.fault(
                "territories",
                "a vote of members goes by the time of one territory",
                'write it alone, such as ["974"]',
            )
        return named[:1] or (METROPOLE,)
    if named and areas != (EVERYWHERE,):
        polling.fault(
            "territories",
            "polling.territories and polling.areas both say where the ballot is held",
            "keep one of them",
        )
    if named:
        return named
    reached = frozenset().union(*map(territories_in, areas))
    return tuple(code for code in TERRITORIES if code in reached)


def read_areas(polling: TomlTable, kind: BallotKind) -> tuple[str, ...]:
    """The areas whose people vote, each once, none inside another; everywhere where the file names none."""
    areas: list[str] = []
    for said in polling.take("areas", (list,), f"a list of {FORMS}") or ():
        try:
            areas.append(normal_area(str(said)))
        except UnknownArea:
            polling.fault("areas", f"polling.areas has “{said}”", f"write {FORMS}")
    if "areas" in polling.data and kind is BallotKind.MEMBERS:
        polling.fault("areas", "polling.areas is of no use: members are asked for no commune", "remove it")
    elif polling.data.get("areas") == []:
        polling.fault("areas", "polling.areas is empty", f"write {FORMS}, or remove it for everywhere")
    widest = dict.fromkeys(area for area in areas if not {*areas_around(area)[1:]} & {*areas})
    return tuple(widest) or (EVERYWHERE,)


def is_one_commune(area: str) -> bool:
    """Whether an area is a commune."""
    return len(area) == 5 and area != ABROAD_AREA


def check_electorate(source: Source, kind: BallotKind, law: LawProfile, rounds: int) -> None:
    """Warns of a law that is not the one of such a vote, and of rounds that it does not have."""
    profile = ("law", "profile")
    if kind is BallotKind.MEMBERS and law.code != "none":
        source.fault(
            profile,
            f"no electoral law speaks of a vote of members, and {law.code} would silence it",
            "write profile = “none”",
            warning=True,
        )
    elif kind in UNDER_THE_ELECTORAL_CODE and law.code != "fr-L49-2020":
        source.fault(
            profile,
            f"in France a vote of kind “{kind}” is under the electoral code",
            "write profile = “fr-L49-2020”, unless it is held elsewhere",
            warning=True,
        )
    if kind in ONE_ROUND and rounds > 1:
        source.fault(
            ("ballots", 1, "day"),
            f"a vote of kind “{kind}” has one round",
            "remove the others, or correct kind",
            warning=True,
        )
