"""The conversation: parse the update, call one action, answer with one text.

`COMMANDS` is the one list of commands: it feeds registration, Telegram's menu and /help. Each feature is a module
that offers `BUTTONS` (callback action -> handler) and `DIALOGS` (flow -> step -> what it waits for).
"""

from handlers import (
    abroad,
    attendees,
    broadcast_approvals,
    broadcast_cards,
    broadcasts,
    check_ins,
    choices,
    console,
    conversations,
    doubts,
    event_edit,
    event_seats,
    event_words,
    events,
    experiments,
    exports,
    fallback,
    feedback,
    following,
    helping,
    hosts,
    inbox,
    mends,
    menu,
    new_event,
    new_survey,
    place,
    privacy,
    registration,
    registration_dialog,
    restriction,
    saved_answers,
    settings,
    staff,
    start,
    statistics,
    steps,
    survey_results,
    surveys,
    typed,
    volunteering,
    vote,
)
from handlers.command import ADMINS, COORDINATORS, STAFF, Command
from handlers.routing import Asker, Awaited, Routes, asking_again

COMMANDS = (
    Command(name="start", handler=start.start, listed=False),
    Command(name="menu", handler=menu.menu),
    Command(name="events", handler=events.list_events),
    Command(name="vote", handler=vote.vote),
    Command(name="settings", handler=settings.settings),
    Command(name="privacy", handler=privacy.privacy, about_data=True),
    Command(name="why", handler=privacy.why, about_data=True),
    Command(name="mydata", handler=privacy.my_data, about_data=True),
    Command(name="consent", handler=privacy.consent, about_data=True),
    Command(name="stop", handler=privacy.stop),
    Command(name="restrict", handler=restriction.ask, about_data=True),
    Command(name="delete", handler=privacy.delete, about_data=True),
    Command(name="help", handler=helping.help_),
    Command(name="cancel", handler=fallback.cancel, listed=False),
    Command(name="inbox", handler=inbox.open_, roles=STAFF),
    Command(name="new_event", handler=new_event.begin, roles=STAFF),
    Command(name="broadcast", handler=broadcasts.begin, roles=STAFF),
    Command(name="broadcasts", handler=broadcast_cards.list_broadcasts, roles=STAFF),
    Command(name="survey", handler=survey_results.open_, roles=STAFF),
    Command(name="stats", handler=statistics.stats, roles=STAFF),
    Command(name="calendar", handler=statistics.calendar, roles=STAFF),
    Command(name="console", handler=console.open_, roles=STAFF),
    Command(name="export", handler=exports.begin, roles=COORDINATORS),
    Command(name="staff", handler=staff.list_staff, roles=ADMINS),
)

FEATURES = (
    registration,
    place,
    abroad,
    events,
    feedback,
    vote,
    steps,
    surveys,
    survey_results,
    new_survey,
    settings,
    privacy,
    choices,
    volunteering,
    restriction,
    new_event,
    hosts,
    event_edit,
    event_seats,
    event_words,
    attendees,
    check_ins,
    broadcasts,
    experiments,
    following,
    broadcast_cards,
    broadcast_approvals,
    doubts,
    mends,
    statistics,
    exports,
    console,
    staff,
    conversations,
    inbox,
    saved_answers,
    typed,
)

QUESTIONS: dict[str, Asker] = {
    registration_dialog.FLOW: registration_dialog.show_step,
    registration_dialog.MOVING: registration_dialog.show_step,
    new_event.FLOW: new_event.show_step,
    hosts.REASON: hosts.show_reason,
    event_words.FLOW: event_words.show_step,
    event_edit.FLOW: event_edit.show_step,
    event_seats.FLOW: event_seats.show_step,
    attendees.FLOW: attendees.show_step,
    check_ins.FLOW: check_ins.show_step,
    broadcasts.FLOW: broadcasts.show_step,
    new_survey.FLOW: new_survey.show_step,
    broadcast_approvals.FLOW: broadcast_approvals.show_step,
    doubts.FLOW: doubts.show_step,
    mends.RECALL: mends.show_recall,
    mends.CORRECT: mends.show_correction,
    staff.FLOW: staff.show_step,
    conversations.FLOW: conversations.show_step,
    inbox.FLOW: inbox.show_step,
    inbox.NAMING: inbox.show_name,
    inbox.BLOCKING: inbox.show_reason,
    saved_answers.FLOW: saved_answers.show_step,
}
"""How each dialog asks its open question again."""


def _dialogs() -> dict[str, dict[str, Awaited]]:
    """The steps of every dialog; a feature may add steps to another's."""
    found: dict[str, dict[str, Awaited]] = {}
    for feature in FEATURES:
        for flow, awaited in feature.DIALOGS.items():
            found.setdefault(flow, {}).update(awaited)
    return found


ROUTES = Routes(
    commands=COMMANDS,
    buttons={
        "menu": menu.opening(COMMANDS, fallback.not_staff),
        "question": asking_again(QUESTIONS),
        **{action: handler for feature in FEATURES for action, handler in feature.BUTTONS.items()},
    },
    dialogs=_dialogs(),
    stop=privacy.stop,
    changed=conversations.changed,
    unexpected=typed.answer,
    waiting=typed.wait_on,
    perhaps_stop=typed.ask_whether_to_stop,
    not_staff=fallback.not_staff,
    unknown_button=fallback.unknown_button,
)
