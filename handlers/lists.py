"""What one leafs through (events, the menu, settings, the team …) answers where one looks: at the bottom of the chat.

A list is turned in place while it stands last. One that was overtaken by other messages is sent anew below them, and
the old one loses its buttons: nothing changes out of sight. Questions and cards stay where they are: who answers one is
looking at it.
"""

from __future__ import annotations

from bot.actions import people
from handlers.context import Context

LISTS = frozenset(
    {"menu", "events_page", "event"}
    | {"settings_language", "settings_place", "messages", "volunteer", "choices", "choice"}
    | {"my_events", "my_event", "staff", "staff_invite", "staff_ask", "staff_revoke", "staff_unlink"}
    | {"broadcasts", "stats", "stats_answers", "calendar", "export", "export_events", "doubts_page"}
)
"""The buttons of lists: each shows another page, one thing of it, or the list as the tap changed it."""


async def see_whether_overtaken(context: Context) -> None:
    """Before a tap is answered: whether messages stand below the list that it is on."""
    query = context.update.callback_query
    if query is not None and query.message is not None and context.action in LISTS:
        context.is_overtaken = not await people.stands_last(
            context.tx, context.person, query.message.message_id
        )
