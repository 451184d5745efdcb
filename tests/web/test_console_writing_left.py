"""What is still to be done of a message at the desk: said by name, with the way to its field, at true steps."""

from __future__ import annotations

import re

from tests.campaigning import staff
from tests.conversation import Conversation
from tests.web.browsing import Browser, signed_in
from tests.web.test_console_writing import TEXTS, WHEN, WHOM, WORDS


async def writer(conversation: Conversation) -> Browser:
    return await signed_in(await staff(conversation, 11, "organizer", "69"))


def ticks(visitor: Browser) -> list[bool]:
    steps = visitor.page.text.split('<ol class="steps')[1].split("</ol>")[0]
    return [bool(each) for each in re.findall(r'<li( class="done")?>', steps)]


async def test_what_is_missing_is_named_and_led_to_and_only_what_is_done_is_ticked(
    conversation: Conversation,
) -> None:
    olga = await writer(conversation)
    await olga.open(WORDS)
    assert ticks(olga) == [False, False, False]
    await olga.send(WORDS, kind="persuasion", do="next", **{**TEXTS, "text-A-en": "Hello <b>you"})
    assert olga.page.url.fragment == "to-mend"
    assert '<a href="#text-A-en">English</a>' in olga.page.text
    await olga.send(WHOM, expression="", do="next")
    await olga.send(WHEN, when="now")
    assert "Not ready yet" in olga.text
    assert "Ready to send" not in olga.text
    assert f'<a href="{WORDS}#text-A-en">the text (English)</a>' in olga.page.text
    assert ticks(olga) == [False, True, True]
    await olga.send(WORDS, kind="persuasion", do="next", **TEXTS)
    await olga.send(WHOM, expression="in:69 and voted", do="next")
    await olga.open(WHEN)
    assert f'<a href="{WHOM}#expression">who it is for</a>' in olga.page.text
    assert ticks(olga) == [True, False, True]
    await olga.send(WHOM, expression="in:69", do="next")
    assert ticks(olga) == [True, True, True]
    assert "Ready to send" in olga.text


async def test_a_time_that_has_passed_heads_nothing_as_ready_and_is_no_step_done(
    conversation: Conversation,
) -> None:
    olga = await writer(conversation)
    await olga.open(WORDS)
    await olga.send(WORDS, kind="persuasion", do="next", **TEXTS)
    await olga.send(WHOM, expression="", do="next")
    await olga.send(WHEN, when="at", at="2016-11-10T10:00", whose="mine")
    assert "already passed" in olga.text
    assert "Ready to send" not in olga.text
    assert ticks(olga) == [True, True, False]


async def test_a_kind_that_was_not_said_is_asked_at_its_field(conversation: Conversation) -> None:
    olga = await writer(conversation)
    await olga.open(WORDS)
    await olga.send(WORDS, do="next", **TEXTS)
    assert '<a href="#kind">What kind of message is it?</a>' in olga.page.text
    assert '<fieldset id="kind" aria-invalid="true" aria-describedby="fault-kind">' in olga.page.text
    assert 'id="fault-kind"' in olga.page.text
