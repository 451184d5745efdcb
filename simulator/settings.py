"""What a bot tells about itself: commands by scope and language, names, descriptions, the menu button."""

import re
from collections.abc import Iterable
from typing import Any

from simulator.errors import bad_request
from simulator.params import Params
from simulator.urls import check_link

DEFAULT_BUTTON = {"type": "default"}
DEFAULT_SCOPE = {"type": "default"}
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"([a-z]{2})?")
_SCOPES = {
    "default": (),
    "all_private_chats": (),
    "all_group_chats": (),
    "all_chat_administrators": (),
    "chat": ("chat_id",),
    "chat_administrators": ("chat_id",),
    "chat_member": ("chat_id", "user_id"),
}


class BotSettings:
    """Everything that set… methods of the profile keep, by language ("" is for everyone else)."""

    def __init__(self) -> None:
        self._commands: dict[tuple[str, str], list[dict[str, str]]] = {}
        self.texts: dict[str, dict[str, str]] = {"name": {}, "description": {}, "short_description": {}}
        self._menu_buttons: dict[int, dict[str, Any]] = {}

    def set_commands(self, params: Params) -> None:
        commands = params.structure("commands", "can't parse commands JSON object")
        if not isinstance(commands, list):
            raise bad_request("expected an Array of BotCommand")
        if len(commands) > 100:
            raise bad_request("BOT_COMMANDS_TOO_MUCH")
        self._commands[self._key(params)] = [_read_command(command) for command in commands]

    def get_commands(self, params: Params) -> list[dict[str, str]]:
        return self._commands.get(self._key(params), [])

    def delete_commands(self, params: Params) -> None:
        self._commands.pop(self._key(params), None)

    def commands_for(self, person_id: int, language: str) -> list[dict[str, str]]:
        """The command menu of one person's chat: narrowest scope first, language before fallback."""
        return self._narrowest((f"chat/{person_id}", "all_private_chats", "default"), language)

    def commands_in_group(
        self, group_id: int, person_id: int, language: str, *, is_admin: bool
    ) -> list[dict[str, str]]:
        """The command menu of somebody in a group."""
        scopes = [f"chat_member/{group_id}/{person_id}"]
        scopes += [f"chat_administrators/{group_id}"] if is_admin else []
        scopes += [f"chat/{group_id}"]
        scopes += ["all_chat_administrators"] if is_admin else []
        return self._narrowest([*scopes, "all_group_chats", "default"], language)

    def _narrowest(self, scopes: Iterable[str], language: str) -> list[dict[str, str]]:
        for scope in scopes:
            for code in dict.fromkeys((language[:2], "")):
                if commands := self._commands.get((scope, code)):
                    return commands
        return []

    def text_for(self, name: str, language: str) -> str:
        by_language = self.texts[name]
        return by_language.get(language[:2]) or by_language.get("", "")

    def set_text(self, name: str, params: Params, longest: int) -> None:
        text = params.text(name)
        if len(text) > longest:
            raise bad_request(f"BOT_{name.upper()}_TOO_LONG")
        self.texts[name][_language(params)] = text

    def set_menu_button(self, chat_id: int, button: dict[str, Any]) -> None:
        """The button of one chat; 0: that of everyone who has none of their own."""
        self._menu_buttons[chat_id] = button

    def menu_button_of(self, chat_id: int) -> dict[str, Any]:
        """The button as it was set for a chat, or for everyone."""
        return self._menu_buttons.get(chat_id, DEFAULT_BUTTON if chat_id else {"type": "commands"})

    def menu_button_for(self, person_id: int) -> dict[str, Any]:
        """The button that a person sees: their own, or everyone's."""
        own = self.menu_button_of(person_id)
        return self.menu_button_of(0) if own == DEFAULT_BUTTON else own

    def as_json(self) -> list[dict[str, object]]:
        return [
            {"scope": scope, "language_code": language, "commands": commands}
            for (scope, language), commands in self._commands.items()
        ]

    def _key(self, params: Params) -> tuple[str, str]:
        scope = params.structure("scope", "can't parse BotCommandScope: can't parse JSON") or DEFAULT_SCOPE
        if not isinstance(scope, dict) or str(scope.get("type")) not in _SCOPES:
            raise bad_request("can't parse BotCommandScope: unsupported type specified")
        parts = [str(scope["type"])]
        for name in _SCOPES[parts[0]]:
            if not scope.get(name):
                raise bad_request(f"can't parse BotCommandScope: {name} is empty")
            parts.append(str(scope[name]))
        return "/".join(parts), _language(params)


def _language(params: Params) -> str:
    code = params.text("language_code")
    if not _LANGUAGE.fullmatch(code):
        raise bad_request("invalid language code specified")
    return code


def _read_command(command: Any) -> dict[str, str]:
    if not isinstance(command, dict):
        raise bad_request("expected an Array of BotCommand")
    name = str(command.get("command", "")).removeprefix("/")
    description = str(command.get("description", ""))
    if not _COMMAND.fullmatch(name):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name, "description": description}


def menu_button(params: Params, *, local_apps: bool) -> dict[str, Any]:
    """The checked `menu_button` of setChatMenuButton; the words of a refusal are from Client.cpp.

    `local_apps`: addresses of this machine pass without HTTPS, which Telegram never allows.
    """
    button = params.structure("menu_button", "can't parse menu button JSON object")
    if button is None:
        return DEFAULT_BUTTON
    prefix = "can't parse menu button: "
    if not isinstance(button, dict):
        raise bad_request(prefix + "MenuButton must be an Object")
    kind = button.get("type")
    if not isinstance(kind, str):
        raise bad_request(prefix + 'Field "type" must be of type String')
    if kind in {"default", "commands"}:
        return {"type": kind}
    if kind != "web_app":
        raise bad_request(prefix + "MenuButton has unsupported type")
    app = button.get("web_app")
    for name, value in (
        ("text", button.get("text")),
        ("url", app.get("url") if isinstance(app, dict) else None),
    ):
        if not isinstance(value, str):
            raise bad_request(prefix + f'Can\'t find field "{name}"')
    check_link(button["web_app"]["url"], "menu button Web App", https_only=True, loopback=local_apps)
    return {"type": "web_app", "text": button["text"], "web_app": {"url": button["web_app"]["url"]}}
