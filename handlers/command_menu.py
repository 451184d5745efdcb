"""Telegram's own menu of commands: in each language for everybody, and by role in the chats of the team."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache

import handlers
from bot.campaign.campaign import Campaign
from bot.delivery.calls import Call
from bot.words.texts import Texts
from handlers.routing import Command
from locales import LANGUAGES

DESCRIPTION_LIMIT = 512
"""Characters, by Telegram's documentation of setMyDescription."""


def allowed(roles: Collection[str]) -> list[Command]:
    """The commands of /help and of the menu for somebody with these roles."""
    return [
        command
        for command in handlers.COMMANDS
        if command.listed and (not command.roles or set(roles) & command.roles)
    ]


def commands_for(roles: Collection[str], language: str) -> list[dict[str, str]]:
    """What `setMyCommands` takes: each command with its description in the language."""
    return [
        {"command": command.name, "description": _texts().plain(f"commands/{command.name}", language)}
        for command in allowed(roles)
    ]


def menu_calls(languages: Iterable[str]) -> list[Call]:
    """The menu of everybody; the first language is shown to those who speak none of them."""
    return _calls({"type": "default"}, (), languages)


def description_calls(campaign: Campaign) -> list[Call]:
    """What Telegram shows in an empty chat, in each language; the first one to those who speak none of them."""
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


def team_menu_calls(chat: int, roles: Collection[str], languages: Iterable[str]) -> list[Call]:
    """The menu in one chat: that of its roles; without any, everybody's again."""
    scope = {"type": "chat", "chat_id": chat}
    if roles:
        return _calls(scope, roles, languages)
    codes = ({}, *({"language_code": language} for language in languages))
    return [Call(method="deleteMyCommands", payload={"scope": scope, **code}) for code in codes]


def _calls(scope: dict[str, object], roles: Collection[str], languages: Iterable[str]) -> list[Call]:
    first, *_ = languages = tuple(languages)
    shown = [({}, first), *(({"language_code": language}, language) for language in languages)]
    return [
        Call(
            method="setMyCommands",
            payload={"scope": scope, "commands": commands_for(roles, language), **code},
        )
        for code, language in shown
        if language in LANGUAGES
    ]


@cache
def _texts() -> Texts:
    """Descriptions speak of no campaign in particular."""
    return Texts({})
