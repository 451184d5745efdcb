"""The HTTP interface for groups: `/sim/groups`, and what a person does in one beside writing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator import membership, topics
from simulator.acting import check_active, check_is_in
from simulator.common import Common
from simulator.errors import PersonError
from simulator.group_view import group_view, topic_view
from simulator.groups import GENERAL, PERMISSIONS, RIGHTS, Group, Place, Topic, restricted
from simulator.http_json import answer, read_object, text_in, whole_in, world_of
from simulator.records import Person
from simulator.world import World

LONGEST_TITLE = 128
INVALID_LINK = "This invite link is not or no longer valid."
Content = dict[str, Any]


async def make_group(request: Request) -> Response:
    """A group: `title` and `owner`; perhaps `members`, `bots` (usernames), `username`, `forum`, or `basic`."""
    world, content = world_of(request), await read_object(request)
    common = world.common
    title = text_in(content, "title").strip()
    if not 1 <= len(title) <= LONGEST_TITLE:
        raise PersonError(f"A group needs a title of 1 to {LONGEST_TITLE} characters.")
    is_forum, is_super = content.get("forum") is True, content.get("basic") is not True
    if is_forum and not is_super:
        raise PersonError("Only a supergroup has topics: leave “basic” or “forum” out.")
    username = text_in(content, "username", "").removeprefix("@")
    if username.lower() in common.usernames:
        raise PersonError(f"The username @{username} is taken: choose another one.", 409)
    owner = common.person(whole_in(content, "owner"))
    added = [common.person(number).id for number in _list(content, "members", int)]
    added += [common.world_of(name).bot["id"] for name in _list(content, "bots", str)]
    group = membership.found(common, owner, title, username=username, is_super=is_super, is_forum=is_forum)
    for user_id in added:
        membership.join(common, group, user_id, actor=owner.id)
    world.stream.tell({"type": "group", "group": group.id})
    return answer(group_view(world, group, owner), 201)


def _list(content: Content, name: str, kind: type) -> list[Any]:
    given = content.get(name) or []
    if not isinstance(given, list) or not all(type(each) is kind for each in given):
        raise PersonError(f"“{name}” is a list of {'whole numbers' if kind is int else 'texts'}.")
    return given


async def list_groups(request: Request) -> Response:
    world = world_of(request)
    return answer({"groups": [group_view(world, group) for group in world.groups.values()]})


async def list_groups_of(request: Request) -> Response:
    """The groups that a person is in or was in, the latest first."""
    world = world_of(request)
    person = world.common.person(request.path_params["person_id"])
    theirs = [group for group in world.groups.values() if person.id in group.members]
    theirs.sort(key=lambda group: group.chat.event, reverse=True)
    return answer({"groups": [group_view(world, group, person) for group in theirs]})


def join(common: Common[World], person: Person, group: Group, content: Content) -> Content | None:
    """Come in: into a public group, or by an invite `link`, by which one may have to ask first."""
    member = group.member(person.id)
    if member.is_here:
        raise PersonError(f"{person.first_name} is already in “{group.title}”.")
    if member.status == "kicked" and (not member.until or member.until > common.clock.timestamp()):
        raise PersonError(f"{person.first_name} was banned from “{group.title}”.")
    link = None
    if address := text_in(content, "link", ""):
        link = group.links.get(address)
        if link is None or link["is_revoked"] or link.get("expire_date", 1 << 40) <= common.clock.timestamp():
            raise PersonError(INVALID_LINK)
        if group.uses(address) >= link.get("member_limit", 1 << 40):
            raise PersonError("This invite link has let in as many as it may.")
        if link["creates_join_request"]:
            if person.id in group.requests:
                raise PersonError(f"{person.first_name} has already asked to be let into “{group.title}”.")
            membership.ask_to_join(common, group, person, link)
            return {"requested": True, "title": group.title}
    membership.join(common, group, person.id, link=link)
    return None


def admit(common: Common[World], person: Person, group: Group, content: Content) -> None:
    """Let somebody in who asked for it, or with `on` false do not."""
    user_id = _member(common, content)
    _check(person, group, "can_invite_users", "let nobody into", admin=True)
    if user_id not in group.requests:
        raise PersonError(
            f"{common.user(user_id)['first_name']} does not ask to be let into “{group.title}”."
        )
    membership.decide(common, group, user_id, actor=person.id, approved=content.get("on") is not False)


def leave(common: Common[World], person: Person, group: Group, _content: Content) -> None:
    check_is_in(person, Place(group))
    membership.leave(common, group, person.id)


def add(common: Common[World], person: Person, group: Group, content: Content) -> None:
    """Add somebody: `member` (a person) or `member_bot`."""
    user_id = _member(common, content)
    _check(person, group, "can_invite_users", "add nobody to")
    if group.has(user_id):
        raise PersonError(f"{common.user(user_id)['first_name']} is already in “{group.title}”.")
    membership.join(common, group, user_id, actor=person.id)


def remove(common: Common[World], person: Person, group: Group, content: Content) -> None:
    """Throw somebody out; they may not come back by themselves."""
    user_id = _member(common, content)
    _check(person, group, "can_restrict_members", "throw nobody out of", admin=True)
    if not group.has(user_id) or group.member(user_id).status == "creator":
        raise PersonError(f"{common.user(user_id)['first_name']} cannot be thrown out of “{group.title}”.")
    membership.leave(common, group, user_id, actor=person.id, until=0)


def promote(common: Common[World], person: Person, group: Group, content: Content) -> None:
    """Make somebody an administrator with `rights`, all but anonymity where none are named; none with []."""
    user_id = _member(common, content)
    _check(person, group, "can_promote_members", "make no administrators in", admin=True)
    if not group.is_super:
        raise PersonError(f"“{group.title}” has no rights of administrators: make it a supergroup first.")
    rights = membership.ALL_RIGHTS
    if content.get("rights") is not None:
        rights = frozenset(_named(content, "rights", RIGHTS))
    if group.member(user_id).status == "creator":
        raise PersonError("The owner of a group has every right.")
    membership.promote(common, group, person.id, user_id, rights)


def restrict(common: Common[World], person: Person, group: Group, content: Content) -> None:
    """Let somebody do only what is `allowed`."""
    user_id = _member(common, content)
    _check(person, group, "can_restrict_members", "restrict nobody in", admin=True)
    allowed = frozenset(_named(content, "allowed", PERMISSIONS))
    new = restricted(group.member(user_id), allowed, 0)
    membership.change(common, group, person.id, new)


def rename(common: Common[World], person: Person, group: Group, content: Content) -> None:
    _check(person, group, "can_change_info", "change nothing of")
    membership.rename(common, group, person.id, text_in(content, "title")[:LONGEST_TITLE])


def upgrade(common: Common[World], person: Person, group: Group, _content: Content) -> Content:
    """Make a supergroup of a group."""
    if group.is_super or group.member(person.id).status != "creator" or group.upgraded_to:
        raise PersonError("Only its owner makes a supergroup of a group, once.")
    return {"group": membership.upgrade(common, group, person.id).id}


def turn_topics(common: Common[World], person: Person, group: Group, content: Content) -> None:
    """Let a supergroup have topics, or no longer: `on`."""
    _check(person, group, "can_change_info", "change nothing of", admin=True)
    if not group.is_super:
        raise PersonError("Only a supergroup has topics: make it one first.")
    group.is_forum = content.get("on") is not False
    common.first.changed(group)


def create_topic(common: Common[World], person: Person, group: Group, content: Content) -> Content:
    """Make a topic: `name`, perhaps `color`."""
    _check(person, group, "can_manage_topics", "make no topics in")
    if not group.is_forum:
        raise PersonError(f"“{group.title}” has no topics.")
    name = text_in(content, "name").strip()[: topics.LONGEST_NAME]
    if not name:
        raise PersonError("A topic needs a name.")
    color = whole_in(content, "color") if content.get("color") is not None else 0
    return topic_view(topics.create(common, group, person.id, name, color=color))


def change_topic(common: Common[World], person: Person, group: Group, content: Content) -> Content:
    """Change `topic`: its `name`, or whether it is `closed`."""
    topic = _topic(group, content)
    if not topics.may_edit(group, person.id, topic):
        raise PersonError(f"{person.first_name} may not change this topic.")
    if name := text_in(content, "name", ""):
        topics.edit(common, group, person.id, topic, name=name[: topics.LONGEST_NAME])
    if content.get("closed") is not None:
        topics.close(common, group, person.id, topic, content["closed"] is True)
    return topic_view(topic)


def delete_topic(common: Common[World], person: Person, group: Group, content: Content) -> None:
    topic = _topic(group, content)
    _check(person, group, "can_delete_messages", "delete no topics of", admin=True)
    if topic.thread_id == GENERAL:
        raise PersonError("The general topic cannot be deleted.")
    topics.delete(common, group, topic)


def _topic(group: Group, content: Content) -> Topic:
    number = whole_in(content, "topic")
    topic = topics.general(group) if not number and group.is_forum else group.topics.get(number)
    if topic is None:
        raise PersonError(f"“{group.title}” has no topic {number}.", 404)
    return topic


def _check(person: Person, group: Group, right: str, refused: str, *, admin: bool = False) -> None:
    check_is_in(person, Place(group))
    if not group.may(person.id, right) or (admin and not group.member(person.id).is_admin):
        raise PersonError(f"{person.first_name} may {refused} “{group.title}”.")


def _member(common: Common[World], content: Content) -> int:
    if content.get("member_bot") is not None:
        return int(common.world_of(text_in(content, "member_bot")).bot["id"])
    return common.person(whole_in(content, "member")).id


def _named(content: Content, name: str, known: tuple[str, ...]) -> list[str]:
    given = _list(content, name, str)
    if unknown := [each for each in given if each not in known]:
        raise PersonError(f"“{unknown[0]}” is none of {', '.join(known)}.")
    return given


Act = Callable[[Common[World], Person, Group, Content], Content | None]
_ACTS: dict[str, Act] = {
    "join": join,
    "admit": admit,
    "leave": leave,
    "add": add,
    "remove": remove,
    "promote": promote,
    "restrict": restrict,
    "rename": rename,
    "upgrade": upgrade,
    "topics": turn_topics,
    "topic": create_topic,
    "topic-change": change_topic,
    "topic-delete": delete_topic,
}


def _meant(common: Common[World], content: Content) -> Group:
    """The group of an act: by number, or the one that an invite link leads to."""
    if content.get("group") is None and (link := content.get("link")):
        for group in common.groups.values():
            if link in group.links:
                return group
        raise PersonError(INVALID_LINK)
    return common.group(whole_in(content, "group"))


def _route(does: Act) -> Callable[[Request], Awaitable[Response]]:
    async def act(request: Request) -> Response:
        world, content = world_of(request), await read_object(request)
        person = world.common.person(request.path_params["person_id"])
        check_active(person)
        group = _meant(world.common, content)
        done = does(world.common, person, group, content)
        return answer(done or group_view(world, group, person))

    return act


ROUTES = [
    Route("/sim/groups", make_group, methods=["POST"]),
    Route("/sim/groups", list_groups, methods=["GET"]),
    Route("/sim/people/{person_id:int}/groups", list_groups_of, methods=["GET"]),
    *(
        Route(f"/sim/people/{{person_id:int}}/{name}", _route(does), methods=["POST"])
        for name, does in _ACTS.items()
    ),
]
