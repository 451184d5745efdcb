"""In a quiet period no reply, whatever is tapped or typed, says a word of an event or hands a text to pass on."""

from __future__ import annotations

import pytest

from tests.conversation import CAMPAIGN, Conversation, Talker, paris

# What the neutral reminder's own buttons lead to, and what the cards in their place lead to.
UNDER_A_NEUTRAL_REMINDER = (
    *("step:1:turnout:voted", "step:1:turnout:later", "step:1:turnout:cannot"),
    *("step:1:last_call:voted", "step:1:last_call:cannot", "step:2:turnout:voted", "step:1:places:0"),
    *("step:1:place:help", "step:1:place:known", "menu:vote", "optout:reminders", "messages:reminders:on"),
    *("menu:settings", "menu:menu", "step:1:plan:open", "step:1:plan:midday", "step:1:plan.company:alone"),
)
TYPED = ("bonjour", "événements", "je ne viens plus", "où ?", "j’ai voté", "oui", "merci")
SAID = (
    "/start",
    "/start ev_lyon1",
    "/menu",
    "/events",
    "/vote",
    "/settings",
    "/consent",
    "/help",
    "blah",
    *TYPED,
)
TAPPED = (
    *("event:lyon1", "rsvp:lyon1:yes", "rsvp:lyon1:no", "attend:lyon1:confirm", "attend:lyon1:cancel"),
    *(
        "came:past1:yes",
        "came:past1:no",
        "venue:lyon1",
        "ics:lyon1",
        "events_page:0",
        "menu:events",
        "menu:vote",
    ),
    *("step:1:pledge:will", "step:1:place:help", "step:1:plan:morning", "step:1:plan.company:alone"),
    *("step:1:echo:ok", "step:1:turnout:voted", "step:1:keep_plan:keep", "step:2:echo:ok"),
)
PARTISAN = ("Public meeting", "Salle Molière", "three friends", "start=r_")


async def partisan_words(talker: Talker) -> set[str]:
    """What the replies to everything a supporter can do betray."""
    found: set[str] = set()
    for each in (*SAID, *TAPPED):
        await (talker.send(each) if each in SAID else talker.tap_data(f"1:{each}"))
        told = "".join(str(call.payload) for call in talker.calls)
        found |= {word for word in PARTISAN if word in told}
        found |= {"a file" for call in talker.calls if call.attachment is not None}
    return found


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_what_follows_a_neutral_reminder_names_nobody(
    conversation: Conversation, language: str
) -> None:
    """No card, toast or button under it bears the campaign's name, the candidate's, or a link but the official one."""
    talker = conversation.person(7, language=language)
    await talker.sign_up("Lyon")
    official = CAMPAIGN.links["polling_place"]
    for instant in ("2016-11-19T00:00", "2016-11-20T12:00", "2016-11-20T18:59:59"):
        conversation.clock.move(paris(instant))
        for data in UNDER_A_NEUTRAL_REMINDER:
            await talker.tap_data(f"1:{data}")
            told = "".join(str(call.payload) for call in talker.calls)
            assert [name for name in CAMPAIGN.own_names if name in told] == [], data
            assert "http" not in told.replace(official, ""), data
            assert CAMPAIGN.practical_in(language).sentence not in told, data


@pytest.mark.parametrize("typed", ["/menu", "/help", "blah", "oui", "/start"])
async def test_in_a_silence_the_events_are_not_offered(conversation: Conversation, typed: str) -> None:
    """They lead nowhere then; before and afterwards they do."""
    talker = conversation.person(7)
    await talker.sign_up("Lyon")

    async def offered() -> bool:
        shown = await talker.send(typed)
        return "/events" in shown.text or "1:menu:events" in shown.buttons.values()

    assert await offered()
    conversation.clock.move(paris("2016-11-19T12:00"))
    assert not await offered()
    conversation.clock.move(paris("2016-11-20T19:00"))
    assert await offered()


@pytest.mark.parametrize(
    ("place", "begins"),
    [
        ("Lyon", "2016-11-19T00:00"),
        ("Fort-de-France", "2016-11-18T05:00"),  # votes on Saturday: Friday 0:00 there
        ("Papeete", "2016-11-18T11:00"),
        ("Nouméa", "2016-11-18T14:00"),  # Saturday 0:00 there is Friday 14:00 in Paris
    ],
)
async def test_replies_are_silent_from_the_local_midnight_to_the_last_close(
    conversation: Conversation, place: str, begins: str
) -> None:
    conversation.clock.move(paris("2016-11-16T22:00"))
    await conversation.add_event("lyon1", starts="2016-11-22T19:00")
    await conversation.add_event("past1", starts="2016-11-16T19:00")
    talker = conversation.person(7)
    await talker.sign_up(place)
    for said in ("rsvp:lyon1:yes", "rsvp:past1:yes", "step:1:plan:morning"):
        await talker.tap_data(f"1:{said}")
    for instant in (begins, "2016-11-20T18:59:59"):
        conversation.clock.move(paris(instant))
        assert await partisan_words(talker) == set()
    conversation.clock.move(paris("2016-11-20T19:00"))
    assert "Public meeting" in await partisan_words(talker)
