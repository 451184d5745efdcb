"""Whether each reminder step can be worded for everybody it may go to: rendered with the values it may have.

A step that cannot would raise when it leaves, in front of nobody who could mend it.
"""

from __future__ import annotations

import traceback
from collections.abc import Collection, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from bot.campaign.campaign import Campaign, StepFault, load_campaign
from bot.communes import load as load_gazetteer
from bot.errors import PortevoixError
from bot.frozen import Frozen
from bot.rules.kinds import Kind
from bot.rules.neutrality import STEP_TEMPLATES as NEUTRAL_TEMPLATES
from bot.rules.steps import Step
from bot.words import neutral
from bot.words.step_cases import Case, Cases, every_case, whole_cases
from bot.words.telegram_html import TEXT_LIMIT, check_html
from bot.words.texts import Text, Texts, campaign_texts
from locales import LANGUAGES, TEMPLATES

MOST_BUTTONS, MOST_IN_A_ROW = 100, 8
"""Of one message, by what Telegram takes."""
OPT_OUT = "optout"
_VALUES = "vote, where, plan, facts, slots, friend_link, campaign and language"


def step_templates() -> frozenset[str]:
    """The templates that come with the program and that a step may name. Replies to steps stand elsewhere."""
    names = (file.name for file in (TEMPLATES / "steps").iterdir())
    signed = frozenset(name.removesuffix(".html.j2") for name in names if not name.startswith("_"))
    return signed | NEUTRAL_TEMPLATES


def load_worded_campaign(path: Path, *, actions: Collection[str]) -> Campaign:
    """The campaign file of a bot that is about to run. Raises CampaignError also for a template of its own that fails.

    The program's own templates are tried by its tests, and with what the campaign writes by `portevoix check`.
    """
    return load_campaign(
        path,
        templates=step_templates(),
        languages=LANGUAGES,
        communes=commune_codes(),
        check_steps=partial(step_faults, actions=actions, shipped=None),
    )


def commune_codes() -> frozenset[str]:
    """The INSEE codes of every commune known."""
    return frozenset(load_gazetteer().codes())


def step_faults(
    campaign: Campaign, *, actions: Collection[str], shipped: Cases | None = whole_cases
) -> Iterator[StepFault]:
    """The faults in the words of each step, the first one in each language.

    A template of the campaign's own is tried with every value it may have. The program's own were so by its tests: of
    those `shipped` are tried, by default what this campaign writes; None: none. `actions`: what buttons may do.
    """
    texts = campaign_texts(campaign)
    own = {template.name for template in campaign.own_templates}
    yield from _never_used(campaign, own)
    for step in campaign.steps:
        cases = every_case if step.template in own else shipped
        if cases is None:
            continue
        for language in campaign.languages:
            if missing := _missing(campaign, step, language):
                yield missing
                continue
            found = (
                StepFault(step=step.name, problem=_problem(step, case, fault), remedy=fault.remedy)
                for case in cases(campaign, step, language)
                for fault in _faults(texts, campaign, step, case, actions)
            )
            yield from islice(found, 1)


def _never_used(campaign: Campaign, own: Collection[str]) -> Iterator[StepFault]:
    used = {step.template for step in campaign.steps}
    for template in campaign.own_templates:
        if template.name in NEUTRAL_TEMPLATES:
            yield StepFault(
                step=None,
                problem=f"{template.file} would word a neutral reminder, which the program alone words",
                remedy="remove the file",
            )
        elif not template.is_part and template.name not in used:
            yield StepFault(
                step=None,
                problem=f"no step uses {template.file}",
                remedy=f'write template = "{template.name}" in a step, or remove the file',
                warning=True,
            )
        if template.language is not None and template.language not in campaign.languages:
            yield StepFault(
                step=None,
                problem=f"nobody reads {template.file}: {template.language} is no language of the campaign",
                remedy="correct its name, or add the language",
                warning=True,
            )


def _missing(campaign: Campaign, step: Step, language: str) -> StepFault | None:
    """A template that the campaign has in some of its languages only."""
    languages = {own.language for own in campaign.own_templates if own.name == step.template}
    if not languages or languages & {language, None} or step.template in step_templates():
        return None
    return StepFault(
        step=step.name,
        problem=f"the template “{step.template}” of step “{step.name}” does not exist in {language}",
        remedy=f"write templates/steps/{step.template}.{language}.html.j2",
    )


# -- what is wrong with a message --


class _Fault(Frozen):
    problem: str
    remedy: str


def _problem(step: Step, case: Case, fault: _Fault) -> str:
    where = f"{case.language}, {case.told}"
    return f"the template “{step.template}” of step “{step.name}” fails in {where}: {fault.problem}"


def _faults(
    texts: Texts, campaign: Campaign, step: Step, case: Case, actions: Collection[str]
) -> Iterator[_Fault]:
    try:
        text = _worded(texts, campaign, step, case)
        check_html(text.html, TEXT_LIMIT)
    except PortevoixError as error:
        yield _Fault(
            problem=error.sentence.rstrip("."), remedy="correct the template, or shorten what fills it"
        )
        return
    except Exception as error:  # a template may raise anything that an expression can
        remedy = f"correct it, or name another template (a step is given {_VALUES})"
        yield _Fault(problem=f"{error}{_line_of(error)}", remedy=remedy)
        return
    yield from _button_faults(text, actions)
    yield from _duty_faults(text, campaign, step)


def _worded(texts: Texts, campaign: Campaign, step: Step, case: Case) -> Text:
    """The step's message, neutral or signed."""
    if step.kind is not Kind.CIVIC_NEUTRAL:
        return texts.render(f"steps/{step.template}", case.language, **case.values)
    vote, where = case.values["vote"], case.values["where"]
    facts = neutral.facts_about(campaign, vote, where)
    return neutral.worded(step.template, case.language, vote=vote, facts=facts)


def _line_of(error: Exception) -> str:
    """Where in a template it was raised."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(".j2")]
    line = getattr(error, "lineno", None) or (frames[-1].lineno if frames else None)
    name = getattr(error, "filename", None) or (frames[-1].filename if frames else None)
    return f" ({Path(name).name}, line {line})" if name and line else ""


def _button_faults(text: Text, actions: Collection[str]) -> Iterator[_Fault]:
    buttons = [button for row in text.keyboard for button in row]
    if len(buttons) > MOST_BUTTONS or any(len(row) > MOST_IN_A_ROW for row in text.keyboard):
        yield _Fault(
            problem=f"it has {len(buttons)} buttons, or more than {MOST_IN_A_ROW} in a row",
            remedy="Telegram shows 100 at most, 8 in a row: write fewer, or {{ row() }} between them",
        )
    for button in buttons:
        action = button.data.split(":")[1] if button.data is not None else None
        if not button.label.strip():
            yield _Fault(problem="a button has no label", remedy="give it one")
        elif action is not None and action not in actions:
            yield _Fault(
                problem=f"nothing answers the button “{button.label}” ({action})", remedy="correct its action"
            )
        elif button.url is not None and not button.url.startswith(("https://", "http://", "tg://")):
            yield _Fault(
                problem=f"“{button.url}” is no address", remedy="write one that begins with https://"
            )
    if text.location_request is not None:
        yield _Fault(problem="a reminder asks for no location", remedy="remove ask_location")


def _duty_faults(text: Text, campaign: Campaign, step: Step) -> Iterator[_Fault]:
    """The faults in what every message of a campaign owes those who receive it."""
    buttons = [button for row in text.keyboard for button in row]
    if not any((button.data or "").split(":")[1:2] == [OPT_OUT] for button in buttons):
        yield _Fault(
            problem="nobody can stop these messages",
            remedy='end it with {% include "steps/_signature.html.j2" %}',
        )
    if step.kind is not Kind.CIVIC_NEUTRAL and campaign.sender.name not in text.plain:
        yield _Fault(
            problem="it does not say who writes",
            remedy='end it with {% include "steps/_signature.html.j2" %}',
        )
