"""Placeholders: what staff may write between double braces in the text of a broadcast or an event.

    Bonjour {{ first_name }}, rendez-vous {{ event_when }} à {{ event_place }}.

Nothing else of the template language is allowed: no condition, filter, attribute or call.
"""

import re
from types import MappingProxyType

from bot.errors import BadPlaceholder
from bot.frozen import Frozen


class Placeholder(Frozen):
    """A name, and a value of the kind that it stands for, for previews. `event`: known in messages on an
    event only.
    """

    name: str
    example: str
    event: bool = False


PLACEHOLDERS: MappingProxyType[str, Placeholder] = MappingProxyType(
    {
        placeholder.name: placeholder
        for placeholder in (
            Placeholder(name="first_name", example="Camille"),
            Placeholder(name="commune", example="Lyon"),
            Placeholder(name="polling_day", example="dimanche 20 novembre"),
            Placeholder(name="polling_hours", example="8:00-19:00"),
            Placeholder(name="event_title", example="Réunion publique", event=True),
            Placeholder(name="event_when", example="jeudi 17 novembre, 19:00", event=True),
            Placeholder(name="event_place", example="Salle Molière", event=True),
        )
    }
)

_TAG = re.compile(r"\{\{(?P<inside>.*?)\}\}|(?P<other>\{[%#{]|[%#}]\})", re.DOTALL)


def allowed_placeholders(*, about_event: bool) -> tuple[str, ...]:
    """The names that a text may use."""
    return tuple(each.name for each in PLACEHOLDERS.values() if about_event or not each.event)


def placeholders_in(text: str, *, about_event: bool = False) -> frozenset[str]:
    """The placeholders that a text uses.

    Raises BadPlaceholder, naming the first one that is not allowed and all that are.
    """
    allowed = allowed_placeholders(about_event=about_event)
    used = set()
    for tag in _TAG.finditer(text):
        name = tag["inside"].strip() if tag["inside"] is not None else tag["other"]
        if name not in allowed:
            listed = ", ".join(allowed)
            raise BadPlaceholder(
                f"“{name}” is not a placeholder: use one of {listed}, written {{{{ {allowed[0]} }}}}.",
                name=name,
                allowed=allowed,
            )
        used.add(name)
    return frozenset(used)
