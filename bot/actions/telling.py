"""How a reader is told of the numbers of an audience that was chosen freely: staff of an area in blurred ones."""

from __future__ import annotations

from functools import partial

from bot.rules.blurring import CountQuestion, Tells, exactly
from bot.rules.kinds import Kind
from bot.rules.small_counts import Reader
from db.audiences import Target
from db.rolls import Rolls


def telling(rolls: Rolls, target: Target, reader: Reader, kind: Kind) -> Tells:
    """What makes of the true numbers of an audience those that this reader may have."""
    if target.expression is None:
        return exactly
    group, setting = target.expression, target.setting
    question = CountQuestion(reader=reader, about=kind, group=group, key=setting.sampling, at=setting.now)
    return partial(rolls.told.tell, question)
