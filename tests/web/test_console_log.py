"""The log of the team on its page: in the words of whoever reads it, and read by what, by whom and up to a day."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from urllib.parse import urlencode

import bot.actions
from bot.actions.audit import note
from bot.actions.retention import LOG, purge
from bot.rules.permissions import Action
from bot.rules.suppression import SuppressionKey
from bot.words.no_break import with_plain_spaces
from bot.words.pages import PAGES
from tests.campaigning import staff, supporter
from tests.conversation import CAMPAIGN, Conversation
from tests.web.browsing import signed_in

ADMIN = 13


async def test_every_action_that_is_noted_has_words_in_the_log() -> None:
    sources = "".join(file.read_text() for file in Path(bot.actions.__file__).parent.glob("*.py"))
    named = re.findall(r'(?:action=|_note\(tx, \w+, )"(\w+)"', sources)
    words = (PAGES / "console" / "_noted.html.j2").read_text()
    assert {each for each in named if f'"{each}":' not in words} - {each.value for each in Action} == set()


NOT_NOTED = set(
    "audience created_at created_by details expires_at mends template digest key hash last link links".split()
    + "known_in sequence pause resume cancel brief fields series reworded words".split()
)
"""Keys of rows beside the notes, and what of a note only machines read."""


def keys_of_notes() -> set[str]:
    """What stands beside the entries of the log: the keys in every function that notes something."""
    found: set[str] = set()
    for file in Path(bot.actions.__file__).parent.glob("*.py"):
        for function in ast.walk(ast.parse(file.read_text())):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            calls = [each.func for each in ast.walk(function) if isinstance(each, ast.Call)]
            names = {getattr(each, "attr", getattr(each, "id", "")) for each in calls}
            if function.name != "details" and not names & {"note", "_note"}:
                continue
            keys = [key for each in ast.walk(function) if isinstance(each, ast.Dict) for key in each.keys]
            found |= {
                key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)
            }
    return found


async def test_all_that_stands_beside_an_entry_of_the_log_has_words() -> None:
    words = (PAGES / "console" / "_noted.html.j2").read_text()
    told = {each for each in keys_of_notes() if f'"{each}":' in words or f'name == "{each}"' in words}
    in_lists = set(re.findall(r'name in \("(\w+)", "(\w+)"\)', words)[0])
    assert keys_of_notes() - told - in_lists - NOT_NOTED == set()


async def test_what_a_purge_erased_and_when_something_was_stand_in_the_log_in_the_reader_s_words(
    conversation: Conversation,
) -> None:
    words = (PAGES / "console" / "_noted.html.j2").read_text()
    async with conversation.database.write() as tx:
        noted = {"due_at": "2016-11-19T17:00:00+00:00", "destroy_on": "2016-12-01", "title": "2016-11 bis"}
        await note(tx, actor="staff:1", action="purge", details=noted, now=conversation.clock.now())
    now, key = conversation.clock.now(), SuppressionKey(links=(b"k" * 32,))
    erased = await purge(conversation.database, CAMPAIGN, key=key, actor="retention", now=now, dry_run=True)
    assert erased.keys() >= {"profiles", LOG}
    assert {name for name in erased if f'"{name}": _("{name}")' not in words} == set()
    talker = await staff(conversation, ADMIN, "admin", "FR")
    await supporter(conversation, ADMIN, "69123", language="fr")
    sophie = await signed_in(talker)
    await sophie.open("/console/log")
    assert "19 novembre 2016 à 18 h" in sophie.text, sophie.text
    assert "1er décembre 2016" in sophie.text, sophie.text
    assert "2016-11 bis" in sophie.text
    assert not re.search(r"\d{4}-\d{2}-\d{2}T", sophie.text)


async def test_the_log_of_a_french_reader_has_neither_none_nor_english_and_names_the_event(
    conversation: Conversation,
) -> None:
    talker = await staff(conversation, ADMIN, "admin", "FR")
    await supporter(conversation, ADMIN, "69123", language="fr")
    await conversation.add_event("a1b2c3d4")
    exported = {"export": "supporters", "format": "csv", "layout": None, "area": "69", "since": None}
    changed = {"event": "a1b2c3d4", "told": 0, "changed": ["starts_at", "latitude", "text:fr"], "capacity": 3}
    async with conversation.database.write() as tx:
        for details in ({**exported, "until": None, "event": None, "known_in": None}, changed):
            await note(
                tx, actor="staff:1", action="change_event", details=details, now=conversation.clock.now()
            )
    sophie = await signed_in(talker)
    await sophie.open("/console/log")
    beside = sophie.text.partition("Détails")[2]
    assert "None" not in beside
    assert "« Réunion publique »" in beside, beside
    assert "changé : début, texte (Français)" in beside or "modifié : début, texte (Français)" in beside, (
        beside
    )
    assert "places : 3" in beside
    assert "export : Sympathisants" in beside or "export : Inscrits" in beside, beside
    for english in ("layout", "known in", "starts", "capacity"):
        assert english not in beside


async def test_the_log_is_read_by_what_was_done_by_whom_and_up_to_a_day(conversation: Conversation) -> None:
    sophie = await signed_in(await staff(conversation, ADMIN, "admin", "FR"))
    async with conversation.database.write() as tx:
        for actor, action in (("staff:1", "broadcast"), ("staff:2", "create_event")):
            await note(tx, actor=actor, action=action, details={"area": "69"}, now=conversation.clock.now())

    async def found(**asked: str) -> list[str]:
        await sophie.open(f"/console/log?{urlencode(asked)}")
        return [f"staff:{each}" for each in re.findall(r"<td>Telegram number ([12])</td>", sophie.page.text)]

    assert await found() == ["staff:2", "staff:1"]
    assert await found(action="broadcast") == ["staff:1"]
    assert await found(who="staff:2") == ["staff:2"]
    assert await found(day="2016-11-01") == await found(action="nonsense") == []
    assert await found(day="2016-13-99") == ["staff:2", "staff:1"]


async def test_who_acted_is_said_in_words_and_a_purge_tells_only_of_what_it_erased(
    conversation: Conversation,
) -> None:
    talker = await staff(conversation, ADMIN, "admin", "FR")
    await supporter(conversation, ADMIN, "69123", language="fr")
    await supporter(conversation, 31, "69123", first_name="Karim", consent_team=True)
    await supporter(conversation, 32, "69123", first_name="Léa")
    erased = {"profiles": 2, "visits at doors": 0, "offers to help": 0, "so_far": True}
    async with conversation.database.write() as tx:
        for actor, action, details in (
            ("staff:31", "cancel_event", {"told": 1}),
            ("staff:32", "staff_revoke", {"telegram_id": 31}),
            ("staff:31", "staff_revoke", {"telegram_id": 32}),
            ("host:32", "change_event", {"changed": "hours", "shift": 1}),
            ("retention", "purge", erased),
        ):
            await note(tx, actor=actor, action=action, details=details, now=conversation.clock.now())
    sophie = await signed_in(talker)
    await sophie.open("/console/log")
    for words in (
        "numéro Telegram 32, pour son événement",
        "effacement quotidien",
        "annuler un événement",
        "Karim (31)",
        "profils : 2 ; à ce stade",  # of one that was killed
    ):
        assert words in with_plain_spaces(sophie.text), sophie.text
    assert "numéro Telegram 31" not in sophie.text, "whom it is about is named as who acted"
    assert "horaires d’un créneau" in sophie.text
    for machine in ("staff:", "host:", "retention", "hours", "Léa", "offres d’aide", "passages aux portes"):
        assert machine not in sophie.text, machine
    await sophie.open("/console/log?action=cancel_event")
    assert len(re.findall(r'<th scope="row">', sophie.page.text)) == 1
