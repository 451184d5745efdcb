"""Methods about the bot itself: who it is, its commands, names and descriptions."""

from typing import Any

from simulator.params import Params
from simulator.settings import menu_button
from simulator.world import World


def get_me(world: World, _params: Params) -> dict[str, Any]:
    return world.bot | {
        "can_join_groups": True,
        "can_read_all_group_messages": world.reads_all,
        "supports_inline_queries": True,
        "can_connect_to_business": False,
        "has_main_web_app": bool(world.main_app),
    }


def log_out(_world: World, _params: Params) -> bool:
    return True


def close(_world: World, _params: Params) -> bool:
    return True


def set_my_commands(world: World, params: Params) -> bool:
    world.settings.set_commands(params)
    world.stream.tell({"type": "commands"})
    return True


def get_my_commands(world: World, params: Params) -> list[dict[str, str]]:
    return world.settings.get_commands(params)


def delete_my_commands(world: World, params: Params) -> bool:
    world.settings.delete_commands(params)
    world.stream.tell({"type": "commands"})
    return True


def set_my_name(world: World, params: Params) -> bool:
    world.settings.set_text("name", params, 64)
    return True


def get_my_name(world: World, params: Params) -> dict[str, str]:
    name = world.settings.text_for("name", params.text("language_code"))
    return {"name": name or str(world.bot["first_name"])}


def set_my_description(world: World, params: Params) -> bool:
    world.settings.set_text("description", params, 512)
    return True


def get_my_description(world: World, params: Params) -> dict[str, str]:
    return {"description": world.settings.text_for("description", params.text("language_code"))}


def set_my_short_description(world: World, params: Params) -> bool:
    world.settings.set_text("short_description", params, 120)
    return True


def get_my_short_description(world: World, params: Params) -> dict[str, str]:
    return {"short_description": world.settings.text_for("short_description", params.text("language_code"))}


def set_chat_menu_button(world: World, params: Params) -> bool:
    button = menu_button(params, local_apps=world.common.local_apps)
    world.settings.set_menu_button(_chat_of(world, params), button)
    world.stream.tell({"type": "commands"})
    return True


def get_chat_menu_button(world: World, params: Params) -> dict[str, Any]:
    return world.settings.menu_button_of(_chat_of(world, params))


def _chat_of(world: World, params: Params) -> int:
    """The person whose menu button is meant; 0: everyone's."""
    chat_id = params.text("chat_id")
    return world.recipient(chat_id).id if chat_id else 0
