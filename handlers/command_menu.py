"""Telegram's own menu of commands: in each language for everybody, and by role in the chats of the team."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache

from bot.campaign.campaign import Campaign
from bot.delivery.calls import Call
from bot.words.texts import Texts
from handlers.command import Command, allowed
from locales import LANGUAGES

DESCRIPTION_LIMIT = 512
"""Characters, by Telegram's documentation of setMyDescription."""


def commands_for(
    commands: Iterable[Command], roles: Collection[str], language: str, *, waiting: int = 0
) -> list[dict[str, str]]:
    """The commands as `setMyCommands` takes them: each command with its description in the language.

    `waiting`: how many supporters wait for an answer of the reader.
    """
    return [
        {"command": command.name, "description": _description(command.name, language, waiting)}
        for command in allowed(commands, roles)
    ]


def _description(name: str, language: str, waiting: int) -> str:
    if name == "inbox" and waiting:
        return _texts().plain("inbox/command", language, waiting=waiting)
    return _texts().plain(f"commands/{name}", language)


def menu_calls(commands: Iterable[Command], languages: Iterable[str]) -> list[Call]:
    """The menu of everybody; the first language is shown to those who speak none of them."""
    return _calls(commands, {"type": "default"}, (), languages)


def description_calls(campaign: Campaign) -> list[Call]:
    """The description of an empty chat, in each language; the first one to those who speak none of them."""
    texts = Texts({"campaign": campaign})
    first, *_ = campaign.languages
    shown = [({}, first), *(({"language_code": language}, language) for language in campaign.languages)]
    return [
        Call(
            method="setMyDescription",
            payload={"description": texts.plain("menu/description", language)[:DESCRIPTION_LIMIT], **code},
        )
        for code, language in shown
    ]


def team_menu_calls(
    commands: Iterable[Command],
    chat: int,
    roles: Collection[str],
    languages: Iterable[str],
    *,
    waiting: int = 0,
) -> list[Call]:
    """The menu in one chat: that of its roles; without any, everybody’s again. `waiting`: see `commands_for`."""
    scope = {"type": "chat", "chat_id": chat}
    if roles:
        return _calls(commands, scope, roles, languages, waiting)
    codes = ({}, *({"language_code": language} for language in languages))
    return [Call(method="deleteMyCommands", payload={"scope": scope, **code}) for code in codes]


def _calls(
    commands: Iterable[Command],
    scope: dict[str, object],
    roles: Collection[str],
    languages: Iterable[str],
    waiting: int = 0,
) -> list[Call]:
    first, *_ = languages = tuple(languages)
    shown = [({}, first), *(({"language_code": language}, language) for language in languages)]
    return [
        Call(
            method="setMyCommands",
            payload={
                "scope": scope,
                "commands": commands_for(commands, roles, language, waiting=waiting),
                **code,
            },
        )
        for code, language in shown
        if language in LANGUAGES
    ]


@cache
def _texts() -> Texts:
    """Descriptions speak of no campaign in particular."""
    return Texts({})
