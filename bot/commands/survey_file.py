"""A survey as a TOML file: read with every fault at once, each with its line and its remedy."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

from bot.actions.surveys import NewSurvey
from bot.campaign.toml import Source, TomlPath, TomlTable, text_of
from bot.commands.arguments import CommandRefused
from bot.errors import BadAudience, CampaignError
from bot.rules.counting import counted
from bot.rules.expression_text import expression_in
from bot.rules.expressions import EVERYBODY, Expression
from bot.rules.kinds import Kind
from bot.rules.leaves import is_survey_code
from bot.rules.survey_forms import (
    LEAST_OPTIONS,
    LIMITS,
    MOST_OPTIONS,
    MOST_QUESTIONS,
    FormFault,
    Wrong,
    faults,
)
from bot.rules.surveys import KINDS, Form, Option, Question
from bot.rules.territories import METROPOLE, at_local, at_wall, zone_of

_REMEDIES = {
    Wrong.NO_QUESTION: ("there is no question", "write at least one table [[questions]]"),
    Wrong.TOO_MANY_QUESTIONS: ("there are {word} questions", f"ask at most {MOST_QUESTIONS}"),
    Wrong.TOO_FEW_OPTIONS: ("the question has too few options", f"write at least {LEAST_OPTIONS}"),
    Wrong.TOO_MANY_OPTIONS: ("the question has {word} options", f"offer at most {MOST_OPTIONS}"),
    Wrong.NAME: ("the id is “{word}”", "use 1 to 16 small letters, digits, - and _"),
    Wrong.RESERVED: ("the id is “{word}”, which means something else in audiences", "choose another"),
    Wrong.TWICE: ("the id “{word}” stands above already", "choose another"),
    Wrong.NO_TEXT: ("the text in {word} is missing", "write it in the campaign’s first language at least"),
    Wrong.TOO_LONG: ("the text is {word} characters long", "write at most {limit}"),
    Wrong.SAME_TEXT: ("another option says “{word}” too", "say something else"),
    Wrong.NO_SUCH_QUESTION: (
        "next is “{word}”, and there is no such question",
        "write the id of a question, or end",
    ),
    Wrong.CIRCLE: ("next leads back to “{word}”, in a circle", "lead to a question further down, or to end"),
    Wrong.NEXT_OF_SEVERAL: (
        "an option of a question with several answers leads to “{word}”",
        "write next at the question, not at its options",
    ),
    Wrong.NEVER_ASKED: ("no answer leads to the question “{word}”", "lead to it, or leave it out"),
}
KEPT = timedelta(days=30)
"""How long after its end the answers are kept where the file does not say."""


def read_survey(content: bytes, file: Path, languages: Sequence[str]) -> NewSurvey:
    """The survey of a file. Raises CommandRefused with every fault."""
    try:
        source = Source(text_of(content))
    except CampaignError as fault:
        raise CommandRefused(f"{file}, {fault.sentence}") from None
    root = source.root
    new = _read(root, languages)
    root.done()
    if not source.faults:
        for found in faults(new.form, languages[0]):
            _note(source, found)
    if source.faults:
        for each in sorted(source.faults, key=lambda each: each.line):
            print(f"{file}, {each}", file=sys.stderr)
        number = counted(len(source.faults), "fault")
        raise CommandRefused(f"{file} has {number}: nothing was imported. Correct the file.")
    return new


def _read(root: TomlTable, languages: Sequence[str]) -> NewSurvey:
    code = root.text("code", "a short name, such as budget")
    if code and not is_survey_code(code):
        root.fault("code", f"the code is “{code}”", "use 1 to 16 letters, digits, - and _, not digits alone")
    closes = _instant(root, "closes", required=True)
    erased = _instant(root, "erase", required=False)
    opens = _instant(root, "opens", required=False)
    kind = root.one_of("kind", [each.value for each in KINDS], default=Kind.POLL.value)
    form = Form(
        title=root.words("title", languages),
        purpose=root.words("purpose", languages),
        questions=tuple(_question(table, languages) for table in root.tables("questions")),
    )
    closes_at = closes or datetime.max.replace(tzinfo=zone_of(METROPOLE)) - 2 * KEPT
    return NewSurvey(
        code=code,
        kind=Kind(kind or Kind.POLL),
        form=form,
        audience=_audience(root),
        closes_at=closes_at,
        erase_at=erased or closes_at + KEPT,
        opens_at=opens,
    )


def _instant(root: TomlTable, key: str, *, required: bool) -> datetime | None:
    """A day, which means its end in Paris, or an instant; without an offset it is Paris time."""
    value = root.take(
        key, (date, datetime), "a day or a time, such as 2016-11-18T20:00:00", required=required
    )
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else at_wall(value, zone_of(METROPOLE))
    if value is None:
        return None
    return at_local(value + timedelta(days=1), time(), zone_of(METROPOLE))


def _audience(root: TomlTable) -> Expression:
    written = root.text("audience", "an audience, such as in:69", required=False)
    if not written:
        return EVERYBODY
    try:
        return expression_in(written)
    except BadAudience as fault:
        root.fault("audience", "the audience cannot be read", fault.sentence.removesuffix("."))
        return EVERYBODY


def _question(table: TomlTable, languages: Sequence[str]) -> Question:
    question = Question(
        id=table.text("id", "a short name, such as cars"),
        text=table.words("text", languages),
        several=table.flag("several"),
        next=table.text("next", "the id of a question, or end", required=False) or None,
        options=tuple(_option(each, languages) for each in table.tables("options")),
    )
    table.done()
    return question


def _option(table: TomlTable, languages: Sequence[str]) -> Option:
    option = Option(
        id=table.text("id", "a short name, such as yes"),
        text=table.words("text", languages),
        next=table.text("next", "the id of a question, or end", required=False) or None,
    )
    table.done()
    return option


def _note(source: Source, fault: FormFault) -> None:
    problem, remedy = _REMEDIES[fault.wrong]
    source.fault(
        _path(fault),
        problem.format(word=fault.word),
        remedy.format(limit=LIMITS[_measured(fault)]) if fault.wrong is Wrong.TOO_LONG else remedy,
    )


def _measured(fault: FormFault) -> str:
    if fault.option is not None:
        return "option"
    return "question" if fault.question is not None else fault.part


def _path(fault: FormFault) -> TomlPath:
    path: TomlPath = () if fault.question is None else ("questions", fault.question)
    if fault.option is not None:
        path = (*path, "options", fault.option)
    return (*path, fault.part)
