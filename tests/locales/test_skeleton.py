"""A language that is added in `locales/` alone: the bot starts with it, speaks it and understands it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from simulator.server import DEFAULT_TOKEN
from tests.commanding import run_here
from tests.frozen import FROZEN
from tests.skeleton import CODE, NAME, SPOKEN, add_skeleton, without
from tests.story import Teller, telling

ANSWERS = f"""presidential
Kampanjo
{CODE}
Teamo
Ni skribas al vi.
Asocio
Strato 1
a@example.org

aprilo

2027-04-11 2027-04-25



"""


async def said(person: Teller) -> str:
    """The newest message, with plain spaces."""
    return (await person.last()).text.replace("\u00a0", " ").replace("\u202f", " ")


async def test_the_bot_speaks_and_understands_it(tmp_path: Path) -> None:
    environment = dict(add_skeleton(tmp_path))
    mine = tmp_path / "mine"
    founded = run_here("init", str(mine), environment=environment, typed=ANSWERS)
    assert founded.returncode == 0, founded.stderr
    written = (mine / "campaign.toml").read_text(encoding="utf-8")
    assert f'{CODE} = "1-a balotado"' in written
    assert f'{CODE} = "Donacoj kaj kotizoj"' in written

    environment |= {"PORTEVOIX_CAMPAIGN": str(mine)}
    at = "2027-03-24T10:00+01:00"
    async with telling(tmp_path, at=at, killable=True, more=environment) as story:
        zoe = await story.person("Zoe", language=CODE)
        await zoe.start()
        await zoe.expect(SPOKEN)
        await zoe.tap("I’m 17 or over")
        await zoe.send("mi loĝas en Lyon")  # a sentence of the language around a commune
        await zoe.expect("May I choose your messages by where you vote?")
        await zoe.send("Jes!")
        await zoe.expect("Welcome")
        assert SPOKEN in await said(zoe)

        # The first question is due: it comes before the event, not among what is said of it.
        await story.settled()
        added = await story.command("staff", "add", "--telegram-id", str(zoe.id), "--role", "organizer")
        assert added.status == 0, added.err
        await zoe.send("/new_event")
        await zoe.expect("What is the event called?")
        for text, asked in (
            ("Kunveno", "What will happen there?"),
            ("Venu!", "In which commune?"),
            ("Lyon", "At what address?"),
            ("Salono", "Where exactly on the map?"),
        ):
            await zoe.send(text)
            await zoe.expect(asked)
        await zoe.forge("1:event_skip:pin:-")
        await zoe.expect("On what day")
        await zoe.send("la 25an de marto je 19 horo")
        await zoe.expect("How long")
        await zoe.forge("1:event_duration:120")
        await zoe.expect("How many seats")
        await zoe.tap(f"{SPOKEN} There are enough")
        await zoe.expect("Who is it for?")
        await zoe.tap(f"{SPOKEN} That’s it")
        await story.settled()
        assert "ĵaŭdo, la 25-a de Marto, from 19 h" in await said(zoe)

        await zoe.send("Ĉesu!")
        await zoe.expect("Done: we won’t message")


@pytest.mark.parametrize("language", [CODE, "fr"])
def test_the_others_speak_as_before(tmp_path: Path, language: str) -> None:
    """A language more changes nothing for those who read another one."""
    environment = add_skeleton(tmp_path)
    script = (
        "from bot.words.texts import Texts; from locales import LANGUAGES; "
        f"print(*[each.name for each in LANGUAGES.values()], Texts({{}}).plain('typed/thanks', '{language}'))"
    )
    ended = run_here("-c", script, environment=environment, module=None)
    assert ended.returncode == 0, ended.stderr
    out = io.StringIO(ended.stdout).read()
    assert NAME in out
    assert (SPOKEN in out) is (language == CODE)


def test_a_language_without_its_own_stop_does_not_start(tmp_path: Path) -> None:
    environment = add_skeleton(tmp_path, words=without("stop"))
    ended = run_here(
        "run",
        environment=environment
        | {
            "PORTEVOIX_TOKEN": DEFAULT_TOKEN,
            "PORTEVOIX_API_BASE": "http://127.0.0.1:9",
            "PORTEVOIX_CAMPAIGN": str(FROZEN),
            "PORTEVOIX_DATA": str(tmp_path),
        },
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("portevoix: ")
    assert "eo/words.toml, said.stop: " in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_language_without_words_does_not_start(tmp_path: Path) -> None:
    environment = add_skeleton(tmp_path)
    (tmp_path / "locales" / "eo" / "words.toml").unlink()
    ended = run_here("check", environment=environment)
    assert (ended.returncode, len(ended.stderr.strip().splitlines())) == (2, 1)
    assert "The language eo has no words: write " in ended.stderr
