"""A candidate who is out: nothing leaves any more but one last choice, to be kept for the next campaign or deleted."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from bot.rules.ballots import Ballot
from bot.rules.kinds import Kind
from bot.rules.moments import Anchor, Moment
from bot.rules.quiet import LawProfile, embargo_of
from bot.rules.steps import Step

LAST_CHOICE = "last_choice"
"""The step of the last choice, its template and its broadcast's key: there is one, whatever the file says later."""

ASKED_FOR = timedelta(days=14)
"""How long the last choice is worth sending, after an outage or to somebody who comes back."""


def out_from(law: LawProfile, ballot: Ballot) -> datetime:
    """From when on the candidate is out who lost in this ballot: when its result may be told, in UTC."""
    return embargo_of(law, ballot)


def last_choice_step(ballot: int) -> Step:
    """The last choice as a step: for everybody, whatever they answered, in courtesy hours."""
    days = ASKED_FOR.days
    return Step(
        name=LAST_CHOICE,
        when=Moment(anchor=Anchor.EMBARGO),
        until=Moment(anchor=Anchor.POLLING_DAY, days_before=-days, at=time(20, 30)),
        kind=Kind.SERVICE,
        template=LAST_CHOICE,
        ballots=(ballot,),
        when_silent=True,
        when_voted=True,
        courteous=True,
    )
