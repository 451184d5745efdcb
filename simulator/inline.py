"""Inline queries: a person types `@bot text` anywhere and chooses one of the results, which is sent in their name."""

from __future__ import annotations

from typing import Any

from simulator.acting import check_active, check_can_write
from simulator.callbacks import Query
from simulator.errors import BotApiError, PersonError
from simulator.groups import Place
from simulator.records import Message, Person
from simulator.results import read_result
from simulator.shapes import user_shape
from simulator.world import World


def type_inline(world: World, person: Person, text: str, *, chat_type: str = "sender") -> Query:
    """Type `@bot text` in the message field: an inline query."""
    check_active(person)
    query = world.inline_queries.ask(person.id, text)
    content = {"id": query.query_id, "from": user_shape(person), "query": text, "offset": ""}
    world.tell_bot("inline_query", person, content | {"chat_type": chat_type})
    return query


def choose_result(
    world: World,
    person: Person,
    query_id: str,
    result_id: str,
    friend: Person | None = None,
    at: Place | None = None,
) -> Message:
    """Choose a result of an inline query: it is sent in the person's name, to the bot or to a friend.

    An empty `result_id` stands for the first, as a prepared message has but one.
    """
    if friend is None:
        check_can_write(world, person, at)
    else:
        check_active(person)
        check_active(friend)
    query = world.inline_queries.find(query_id)
    if query is None or query.person_id != person.id or query.answer is None:
        raise PersonError(f"There is no answered inline query {query_id} of {person.first_name}.", 404)
    for result in query.answer["results"]:
        if result_id in ("", str(result["id"])):
            return send_result(world, person, query, result, friend, at)
    raise PersonError(f"The inline query has no result {result_id}.", 404)


def send_result(
    world: World,
    person: Person,
    query: Query,
    result: dict[str, Any],
    friend: Person | None,
    at: Place | None = None,
) -> Message:
    try:
        content = read_result(result, world.files, local_apps=world.common.local_apps)
    except BotApiError as error:  # a file that is no longer here
        raise PersonError(f"The bot's result cannot be sent: {error.description}.") from None
    if content.elsewhere:
        raise PersonError(
            f"The file {content.elsewhere} is not on this machine: nothing is fetched from outside."
        )
    markup = content.markup
    extra: dict[str, Any] = {"via_bot": world.bot}
    if content.preview:
        extra["link_preview_options"] = content.preview
    if content.above and content.text:
        extra["show_caption_above_media"] = True
    fields: dict[str, Any] = {"extra": extra, "markup": markup, "media": content.media}
    fields |= {"text": content.text, "entities": content.entities}
    peer = at.group if at else person
    if at:
        message = world.add_message(at.group, by_bot=False, sender=person.id, thread=at.topic, **fields)
    elif friend is None:
        message = world.add_message(person, by_bot=False, **fields)
    else:
        message = world.add_message_between(person, friend, **fields)
    chosen: dict[str, Any] = {"result_id": str(result["id"]), "from": user_shape(person), "query": query.text}
    if markup:
        message.inline_message_id = f"inline-{message.message_id}"
        world.inline_messages[message.inline_message_id] = (peer, message)
        chosen["inline_message_id"] = message.inline_message_id
    world.tell_bot("chosen_inline_result", person, chosen)
    if friend is None:
        world.tell_of_message(peer, message)
    return message
