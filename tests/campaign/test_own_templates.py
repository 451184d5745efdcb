"""Step templates: every one is tried before anything leaves, those that a campaign brings along in a sandbox."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from itertools import cycle, product
from pathlib import Path

import pytest

from bot.campaign.campaign import Campaign, check_campaign, load_campaign
from bot.cli import main
from bot.errors import CampaignError
from bot.rules.kinds import Kind
from bot.words.step_cases import every_case
from bot.words.step_check import load_worded_campaign, step_faults, step_templates
from handlers import ROUTES
from locales import LANGUAGES, TEMPLATES
from tests.commanding import refusal
from tests.mission import confirm, consent
from tests.reading import Reader
from tests.story import telling
from tests.thorough import IS_THOROUGH

PRIMARY = Path("campaigns/primaire-2016")
EXAMPLES = [load_campaign(file) for file in sorted(Path("campaigns").glob("*/campaign.toml"))]
SIGNED = '\n{% include "steps/_signature.html.j2" %}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A campaign of one's own, which may be spoilt."""
    shutil.copytree(PRIMARY, tmp_path / "mine")
    return tmp_path / "mine"


def write(folder: Path, name: str, source: str) -> None:
    templates = folder / "templates" / "steps"
    templates.mkdir(parents=True, exist_ok=True)
    (templates / f"{name}.html.j2").write_text(source, encoding="utf-8")


def word_with(folder: Path, step: str, template: str) -> int:
    """Words a step with a template; the line that says so."""
    file = folder / "campaign.toml"
    text = file.read_text(encoding="utf-8")
    named = f'name = "{step}"\n'
    assert named in text
    file.write_text(text.replace(named, f'{named}template = "{template}"\n'), encoding="utf-8")
    return text[: text.index(named)].count("\n") + 2


def faults(folder: Path) -> list[str]:
    _, found = check_campaign(
        folder,
        templates=step_templates(),
        languages=LANGUAGES,
        check_steps=lambda campaign: step_faults(campaign, actions=ROUTES.buttons, shipped=None),
    )
    return [str(fault) for fault in found if not fault.warning]


# -- replies are no step templates --


def test_a_reply_cannot_word_a_step(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It passed once, and raised when the step left: a reply is given an answer, a step is not."""
    line = word_with(folder, "pledge", "plan_slot")
    assert main(["check", str(folder)]) == 2
    said = capsys.readouterr().err
    assert (
        f"line {line}: step “pledge” has no template “plan_slot”: use one of echo, plan, pledge, thanks, where"
        in said
    )


def test_replies_and_parts_are_never_offered() -> None:
    replies = {file.name.removesuffix(".html.j2") for file in (TEMPLATES / "step_replies").iterdir()}
    assert replies
    assert not step_templates() & replies
    assert step_templates() == {step.template for step in load_campaign(PRIMARY).steps}


# -- the program's own are whole --


# By day each template in the words of one of the campaigns, which take turns; at night in those of all.
SHIPPED_TEMPLATES = sorted(step_templates())
BY_DAY = [*zip(SHIPPED_TEMPLATES, cycle(EXAMPLES), strict=False)]


@pytest.mark.parametrize(
    ("template", "campaign"),
    [*product(SHIPPED_TEMPLATES, EXAMPLES)] if IS_THOROUGH else BY_DAY,
    ids=lambda value: value if isinstance(value, str) else value.slug,
)
def test_any_shipped_template_may_word_a_step(template: str, campaign: Campaign) -> None:
    """Of the kind that it is written for, with every value it may have: `check` tries but a few of these."""
    kind = Kind.CIVIC_NEUTRAL if template in ("go", "last") else Kind.GOTV
    step = replace(campaign.steps[0], template=template, kind=kind, ballots=())
    of_one = replace(campaign, steps=(step,))
    assert [*step_faults(of_one, actions=ROUTES.buttons, shipped=every_case)] == []


# -- a campaign's own --


async def test_a_template_of_ones_own_is_received(folder: Path, tmp_path: Path) -> None:
    word_with(folder, "pledge", "rendezvous")
    write(
        folder,
        "_greeting",
        "<b>{% block hello %}{{ campaign.text(campaign.name, language) }}{% endblock %}</b>",
    )
    write(
        folder,
        "rendezvous",
        '{% include "steps/_greeting.html.j2" %}\n\nSee you on {{ vote.day|day }} : {{ vote.opens|hour }}?\n'
        '{{ button("I’ll be there", "step", vote.ballot, "pledge", "will") }}' + SIGNED,
    )
    write(folder, "rendezvous.fr", "Rendez-vous le {{ vote.day|day }} à {{ vote.opens|hour }} !" + SIGNED)
    assert faults(folder) == []
    at = "2016-10-29T10:00+02:00"
    async with telling(tmp_path, at=at, more={"PORTEVOIX_CAMPAIGN": str(folder)}) as story:
        people = [await story.person("Emily", language="en"), await story.person("Claire", language="fr")]
        for person, language in zip(people, ("en", "fr"), strict=True):
            await person.start()
            await consent(person, Reader(language))
            await person.write("Lyon", "commune", "69123")
            await confirm(person, Reader(language))
        await story.jump("2016-10-30T18:00+01:00")
        emily, claire = people
        received = await emily.expect("See you on Sunday 20 November : 08:00?")
        assert "Primary" in received.text
        assert "Stop these reminders" in received.labels
        await emily.tell("I’ll be there", "pledge", "will", about="1")
        french = await claire.expect("Rendez-vous le dimanche 20 novembre à 8 h !")
        # Its spaces are bound as those of every other text.
        assert "20\u00a0novembre à 8\u00a0h\u202f!" in french.raw["text"]


FAULTS = [
    # what the template says, what is said of it
    ("{{ answer }}" + SIGNED, r"'answer' is undefined \(mine.html.j2, line 1\): correct it, or name another"),
    ("\n\n{% if %}" + SIGNED, r"\(mine.html.j2, line 3\)"),
    ("{{ vote.__class__.__mro__ }}" + SIGNED, r"access to attribute '__class__' of 'Vote' object is unsafe"),
    ("{% set x = slots.append(1) %}" + SIGNED, "has no attribute 'append'"),
    ("{{ 1 / 0 }}" + SIGNED, "division by zero"),
    ("{% include 'steps/nothing.html.j2' %}" + SIGNED, "steps/nothing.html.j2"),
    ("{{ plan.slot }}" + SIGNED, "without a plan"),
    ("{% if where.must_choose %}{{ nothing }}{% endif %}" + SIGNED, "to choose from: 'nothing' is undefined"),
    ("{% if not friend_link %}{{ nothing }}{% endif %}" + SIGNED, "'nothing' is undefined"),
    ("{% if vote.online %}{{ nothing }}{% endif %}" + SIGNED, "ballot 1, abroad"),
    ("{% if plan and plan.vote == 'later' %}{{ nothing }}{% endif %}" + SIGNED, "with vote “later” alone"),
    ("<b>Hello" + SIGNED, "tag"),
    ("<h1>Hello</h1>" + SIGNED, "h1"),
    ("{{ 'x' * 5000 }}" + SIGNED, "at most 4096"),
    ("{{ where.place.name * 50 if where.place else '' }}" + SIGNED, "at most 4096"),
    ("Hello", "nobody can stop these messages: end it with"),
    ("Hello {{ button('Stop', 'optout', 'reminders') }}", "does not say who writes: end it with"),
    ("{{ button('Go', 'nowhere', 1) }}" + SIGNED, "nothing answers the button “Go”"),
    ("{{ button('Go', 'step', 'x' * 80) }}" + SIGNED, "longer than 64 bytes"),
    ("{{ button(' ', 'step', 1) }}" + SIGNED, "a button has no label"),
    ("{{ link('Go', 'javascript:alert(1)') }}" + SIGNED, "is no address"),
    ("{% for n in range(9) %}{{ button('Go', 'step', n) }}{% endfor %}" + SIGNED, "more than 8 in a row"),
    ("{{ ask_location('Where?') }}" + SIGNED, "asks for no location"),
    ("{{ person.telegram_id }}" + SIGNED, "'person' is undefined"),
]


@pytest.mark.parametrize(("source", "said"), FAULTS)
def test_what_is_wrong_is_named_with_its_line_and_remedy(folder: Path, source: str, said: str) -> None:
    line = word_with(folder, "pledge", "mine")
    write(folder, "mine", source)
    found = faults(folder)
    assert len(found) == 2  # once in each language
    for fault in found:
        assert fault.startswith(f"line {line}: the template “mine” of step “pledge” fails in ")
        assert re.search(said, fault), fault
    with pytest.raises(CampaignError, match=f"line {line}: "):
        load_worded_campaign(folder, actions=ROUTES.buttons)


def test_a_neutral_reminder_has_no_template_of_ones_own(folder: Path) -> None:
    """However neutral it reads, and not under the name of the program's own either."""
    neutral = "Vote today. {{ button('Stop', 'optout', 'reminders') }}"
    write(folder, "go", neutral)
    write(folder, "last.fr", neutral)
    found = faults(folder)
    assert len(found) == 2
    assert all("would word a neutral reminder, which the program alone words" in fault for fault in found)
    shutil.rmtree(folder / "templates")
    line = word_with(folder, "go", "mine")
    write(folder, "mine", neutral)
    (fault,) = faults(folder)
    assert fault.startswith(f"line {line}: step “go” is civic_neutral and has the template “mine”")


def test_a_language_without_the_template_is_named(folder: Path) -> None:
    line = word_with(folder, "pledge", "mine")
    write(folder, "mine.fr", "Bonjour" + SIGNED)
    assert faults(folder) == [
        f"line {line}: the template “mine” of step “pledge” does not exist in en: "
        "write templates/steps/mine.en.html.j2."
    ]


def test_a_shipped_template_may_be_replaced_in_one_language(folder: Path) -> None:
    write(folder, "pledge.fr", "Bonjour" + SIGNED)
    assert faults(folder) == []


def test_what_nobody_uses_is_a_warning(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, "unused", "Bonjour")
    write(folder, "pledge.xx", "Bonjour" + SIGNED)
    assert main(["check", str(folder)]) == 0
    said = capsys.readouterr().err
    assert "no step uses" in said
    assert "xx is no language of the campaign" in said


def test_a_file_of_another_name_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, "mine", "")
    (folder / "templates" / "steps" / "mine.html.j2").rename(folder / "templates" / "steps" / "Mine.html")
    assert "is not named as a step’s template" in refusal(capsys, "check", str(folder))


def test_a_bot_with_a_broken_template_does_not_start(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    word_with(folder, "pledge", "mine")
    write(folder, "mine", "{{ answer }}" + SIGNED)
    monkeypatch.setenv("PORTEVOIX_CAMPAIGN", str(folder))
    monkeypatch.setenv("PORTEVOIX_TOKEN", "1:token")
    monkeypatch.setenv("PORTEVOIX_API_BASE", "http://127.0.0.1:9")
    monkeypatch.setenv("PORTEVOIX_DATA", str(tmp_path / "data"))
    assert main(["run"]) == 2
    assert "'answer' is undefined" in capsys.readouterr().err
