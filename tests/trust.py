"""Trust, played by people: an outsider, a supporter, a coordinator of one département and an admin try every command
that has to do with data, allowed or not.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.drafting import MEETING
from tests.frozen import SHIPPED
from tests.mission import sign_up_in, write_to_supporters
from tests.reading import Reader
from tests.story import Story, Teller, masked

START = "2016-10-20T10:00+02:00"
NAMES = {
    "fr": ("Inès", "Claire", "Karim", "Nadia"),
    "en": ("Oscar", "Emily", "Karim", "Nadia"),
}
# Commands of the rights, which everybody has; and those of the team, which an outsider does not get.
RIGHTS = ("/privacy", "/why", "/mydata")
TEAM_ONLY = ("/stats", "/export", "/staff")
EVE = "2016-11-19T10:00+01:00"
PARTISAN = "Votez Camille Durand dimanche ! https://exemple.fr/programme"
WRITTEN_THERE = "approval_above = 5000"
GUESSED = "s_" + "A" * 32


def campaign_in(folder: Path) -> Mapping[str, str]:
    """The shipped campaign, in which a second person looks at what is for more than five people: a setting for it."""
    copy = Path(shutil.copytree(SHIPPED, folder / "campaign"))
    file = copy / "campaign.toml"
    written = file.read_text(encoding="utf-8")
    assert WRITTEN_THERE in written
    file.write_text(written.replace(WRITTEN_THERE, "approval_above = 5"), encoding="utf-8")
    return {"PORTEVOIX_CAMPAIGN": str(copy)}


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Who plays, and what was said on the machine itself."""

    outsider: Teller
    supporter: Teller
    coordinator: Teller
    admin: Teller
    machine: str


async def play(story: Story, language: str) -> Cast:
    """Begins at `START`, and ends with everybody's last word."""
    read = Reader(language)
    outsider, supporter, coordinator, admin = [
        await story.person(name, language=language) for name in NAMES[language]
    ]
    await look_from_outside(story, outsider, read)
    await sign_up_in(supporter, read, "villeurbanne", "69266")
    link = await build_the_team(story, admin, coordinator, read)
    await reuse_a_link(story, outsider, link, read)
    await write_to_supporters(admin, read)
    await admin.expect(read.says("Finished."))
    await supporter.expect("Camille Durand")
    await use_ones_rights(story, supporter, read)
    await coordinate(story, coordinator, read)
    await be_refused(story, coordinator, admin, read)
    await announce_an_event(story, coordinator, admin, supporter, read)
    await try_a_partisan_reminder(story, coordinator, admin, supporter, read)
    await be_forgotten(story, supporter, read)
    await withdraw(story, admin, coordinator, read)
    return Cast(
        outsider=outsider,
        supporter=supporter,
        coordinator=coordinator,
        admin=admin,
        machine=await on_the_machine(story),
    )


async def say(story: Story, person: Teller, *texts: str) -> None:
    """One after the other, each once the last is answered."""
    for text in texts:
        await person.send(text)
        await story.settled()


async def touch(story: Story, person: Teller, *labels: str) -> None:
    """Taps the buttons in turn, each once the last is answered; a toast is read too."""
    for label in labels:
        person.heard(await person.tap(label))
        await story.settled()


async def cheat(story: Story, person: Teller, *data: str) -> None:
    """Sends what no button offers to this person."""
    for each in data:
        await person.cheat(each)
        await story.settled()


async def look_from_outside(story: Story, outsider: Teller, read: Reader) -> None:
    """Somebody who never signs up: rights without an account, nothing of the team, nothing left behind."""
    await say(story, outsider, *RIGHTS, *TEAM_ONLY)
    await outsider.expect(read.says("This command is for the campaign team"))
    await cheat(story, outsider, "1:export:FR:supporters:all:-:csv", "1:stats:69")
    await outsider.start(GUESSED)
    await outsider.expect(read.says("I don’t know this invitation"))
    await say(story, outsider, "/settings", "/consent", "/stop", "/delete")
    await touch(story, outsider, read.label("Yes, erase it"))


async def build_the_team(story: Story, admin: Teller, coordinator: Teller, read: Reader) -> str:
    """The first admin is named on the machine; she invites a coordinator. The payload of his link."""
    made = await story.command("staff", "add", "--telegram-id", str(admin.id), "--role", "admin")
    assert made.status == 0, made.err
    await say(story, admin, "/staff")
    await touch(story, admin, read.label("Invite somebody"), read.label("Coordinator"))
    await say(story, admin, "Rhône")
    link = await admin.expect(read.says("The invitation is ready"))
    payload = link.text.partition("?start=")[2].split()[0]
    await coordinator.start(payload)
    await coordinator.expect(read.says("Welcome to the team!"))
    return payload


async def reuse_a_link(story: Story, outsider: Teller, payload: str, read: Reader) -> None:
    """A link that was forwarded opens nothing a second time."""
    await outsider.start(payload)
    await outsider.expect(read.says("This invitation was used already"))
    await story.settled()


async def use_ones_rights(story: Story, supporter: Teller, read: Reader) -> None:
    """Why, what is held, the settings, the four choices, one of them taken back, everything kept and not used for a
    while; and the team's commands refused.
    """
    await say(story, supporter, *RIGHTS, "/settings")
    await touch(story, supporter, read.label("No news"))
    await say(story, supporter, "/consent")
    await touch(story, supporter, read.label("The local team"), read.label("No"))
    await restrict_for_a_while(story, supporter, read)
    await say(story, supporter, *TEAM_ONLY)
    await cheat(story, supporter, "1:export:69:responses:all:-:csv")


async def restrict_for_a_while(story: Story, supporter: Teller, read: Reader) -> None:
    """Everything is kept and nothing is used, until the person ends it; before, they are told what begins again."""
    await say(story, supporter, "/restrict")
    await touch(story, supporter, read.label("Something in my data is wrong"))
    await say(story, supporter, "/vote", "/mydata")
    await say(story, supporter, "/restrict")
    await touch(story, supporter, read.label("End it"), read.label("Yes, end it"))
    await supporter.expect(read.says("It has ended."))


async def coordinate(story: Story, coordinator: Teller, read: Reader) -> None:
    """What a coordinator of the Rhône may do there, and nowhere else."""
    await say(story, coordinator, "/stats")
    await cheat(story, coordinator, "1:stats:75")
    await say(story, coordinator, "/export")
    await touch(story, coordinator, read.label("Answers"), "CSV")
    # The only supporter there refused to be known to the team, and is too few to be counted.
    await coordinator.expect(read.says("There is nothing to export her"))
    await cheat(
        story,
        coordinator,
        *(
            "1:export:75:responses:all:-:csv",
            "1:export:FR:supporters:all:-:csv",
            "1:export:69:audit:all:-:csv",
        ),
    )
    await say(story, coordinator, "/staff", "/mydata")


async def be_refused(story: Story, coordinator: Teller, admin: Teller, read: Reader) -> None:
    """What is for many waits for a second person, who sees it as it will arrive, and refuses it."""
    await write_to_supporters(coordinator, read)
    await coordinator.expect(
        read.says("It can’t leave on one person’s decision alone: a second person has to approve it.")
    )
    await admin.expect(read.says("As it will arrive – "))
    await touch(story, admin, read.label("Refuse"))
    await admin.expect(read.says("You refused message no. "))
    await coordinator.has(read.says("%(who)s refused it."), read.says("You can ask again, or cancel it."))
    await touch(story, coordinator, read.label("Cancel"), read.label("Cancel for good"))
    for _ in ("where it was asked", "where it is followed"):
        await coordinator.expect(read.says("Cancelled: nothing more goes out."))


async def announce_an_event(
    story: Story, coordinator: Teller, admin: Teller, supporter: Teller, read: Reader
) -> None:
    """Nobody sees an event before its invitation is approved; then it is in everybody’s list."""
    await say(story, coordinator, "/new_event", *MEETING)
    await touch(story, coordinator, read.label("Without a pin"))
    await say(story, coordinator, "24/11 19h")
    await touch(story, coordinator, "2 h", read.label("There are enough"), read.label("That’s it"))
    await say(story, coordinator, read.label("SEND"))
    await coordinator.expect(read.says("The event is waiting for a second person to approve its invitation."))
    await say(story, supporter, "/events")
    seen = [message.text for message in await supporter.messages() if message.sender == "bot"]
    assert not any(MEETING[0] in text or MEETING[2] in text for text in seen)
    await touch(story, admin, read.label("Approve"))
    await coordinator.has(read.says("Going out…"), read.says("The event is in everybody’s list from now on."))
    # Its invitation waits for the next day: she had a message already.
    await say(story, supporter, "/events")
    await supporter.expect(MEETING[0] if read.language == "fr" else MEETING[2])


async def try_a_partisan_reminder(
    story: Story, coordinator: Teller, admin: Teller, supporter: Teller, read: Reader
) -> None:
    """On the eve, when nothing partisan may leave: a neutral reminder may, and nobody writes in it."""
    await story.jump(EVE)
    await say(story, coordinator, "/broadcast")
    await touch(story, coordinator, read.label("Neutral reminder to vote"))
    await say(story, coordinator, PARTISAN)
    await coordinator.expect(read.says("The question above is still open"))
    await touch(story, coordinator, *(read.label(label) for label in ("That’s it", "That’s it", "Now")))
    await say(story, coordinator, read.label("SEND"))
    await touch(story, admin, read.label("Approve"))
    await coordinator.has(
        read.says("Finished."),
        read.says("It goes out from now on, to each person as soon as they may be written to."),
    )
    await supporter.expect(read.says("A reminder of the vote"))
    received = [message for message in await supporter.messages() if message.sender == "bot"][-1]
    assert "Durand" not in received.text
    await say(story, supporter, "/why")


async def be_forgotten(story: Story, supporter: Teller, read: Reader) -> None:
    """Silence, then oblivion with a receipt; nothing is held afterwards, and one may begin anew."""
    await say(story, supporter, "/stop")
    await touch(story, supporter, read.label("Erase everything too"), read.label("Yes, erase everything"))
    await supporter.expect(read.says("Everything about you has been erased."))
    await say(story, supporter, "/mydata", "/why")


async def withdraw(story: Story, admin: Teller, coordinator: Teller, read: Reader) -> None:
    """A role that is withdrawn ends at once."""
    await say(story, admin, "/staff")
    second = read.label("Withdraw no. %(number)s").replace("%(number)s", "2")
    await touch(story, admin, second, read.label("Withdraw it"))
    await say(story, coordinator, "/export")
    await coordinator.expect(read.says("This command is for the campaign team"))


async def on_the_machine(story: Story) -> str:
    """What the one who looks after the machine reads."""
    told = []
    for words in (["purge", "--dry-run"], ["audit", "verify"], ["staff", "list"]):
        finished = await story.command(*words)
        told.append(f"$ portevoix {' '.join(words)}\n{finished.out}{finished.err}")
    return masked("".join(told))
