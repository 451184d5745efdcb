from tests.conversation import Conversation


async def test_x(conversation: Conversation) -> None:
    zoe = conversation.person(7)
    print((await zoe.send("/vote")).text)
    await zoe.tap("Yes, write to me")
    await zoe.tap("Yes, use")
    await zoe.tap("Yes, share")
    await zoe.tap("Yes, keep")
    print(zoe.last.text, zoe.last.buttons)
    await zoe.tap("17")
    await zoe.send("Lyon 3")
    print(zoe.last.text, zoe.last.buttons)
    await zoe.tap("right")
    await zoe.send("/vote")
    print(zoe.last.text, zoe.last.buttons)
