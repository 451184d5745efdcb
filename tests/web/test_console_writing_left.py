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


async def test_a_time_that_is_probably_a_slip_is_asked_about_before_anything_is_sent(
    conversation: Conversation,
) -> None:
    olga = await writer(conversation)
    await olga.open(WORDS)
    await olga.send(WORDS, kind="persuasion", do="next", **TEXTS)
    await olga.send(WHOM, expression="", do="next")
    for at, words in (
        ("2036-11-18T10:00", "It goes out in more than a year"),
        ("2017-06-20T10:00", "this campaign is over"),
    ):
        await olga.send(WHEN, when="at", at=at, whose="mine")
        assert words in olga.text
        assert "Not ready yet" in olga.text
        assert 'name="seen"' not in olga.page.text
        assert ticks(olga) == [True, True, False]
    await olga.send(WHEN, when="at", at="2036-11-18T10:00", whose="mine", sure="2017-06-20T10:00:00/mine")
    assert "It goes out in more than a year" in olga.text, "another time was said to be meant"
    meant = "2036-11-18T10:00:00/mine"
    assert f'name="sure" value="{meant}"' in olga.page.text
    await olga.send(WHEN, when="at", at="2036-11-18T10:00", whose="mine", sure=meant)
    assert "in more than a year" not in olga.text
    assert "Ready to send" in olga.text


async def test_a_place_that_may_be_several_is_not_left_open(conversation: Conversation) -> None:
    karim = await signed_in(await staff(conversation, 12, "admin", "FR"))
    await karim.open(WORDS)
    await karim.send(WORDS, kind="persuasion", do="next", **TEXTS)
    await karim.send(WHOM, do="add", join="and", choice="", more="Lyon")
    assert "Which place do you mean" in karim.text
    await karim.send(WHOM, expression="in:FR", do="next")
    assert karim.page.url.path == WHOM
    assert "Which place do you mean" in karim.text
    await karim.send(WHOM, do="take area:69123", join="and")
    await karim.send(WHOM, expression="in:69123", do="next")
    assert karim.page.url.path == WHEN
