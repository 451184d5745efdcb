"""Every action is in one table: who may do it is said here, or in the matrix. A new one that is in none fails."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any

import bot.actions
from tests.matrix import MATRIX

OWN = """
canvass_doors.look canvass_doors.begin_leg canvass_doors.note canvass_doors.nobody canvass_doors.undo
canvass_doors.count_dwellings canvass_walks.offered_to canvass_walks.mine canvass_walks.by_code canvass_walks.seen
walk_notes.page walk_notes.keep console.sign_out_of_app
canvass_walks.take canvass_walks.leave canvass_walks.end canvass_walks.call_for_help
effects.opened polling_places.choose polling_places.where_of friends.brought rsvps.coming_to people.was_understood
people.puzzles_again people.stands_last questions.last_asked questions.settle_vote
dialogs.remember_question
volunteering.begin volunteering.choose volunteering.decide_contact volunteering.offer_of volunteering.withdraw
dialogs.ask dialogs.end dialogs.current drafts.kept drafts.keep drafts.drop console.offer_app
erasure.erase erasure.fall_silent erasure.forget
people.find_all people.meet event_cards.find_tapped canvass_doors.find_standing people.lose people.refreshed
preferences.want_messages preferences.volunteer
registration.choose_language registration.decide_consent registration.is_too_young registration.answer_first
registration.vote_in_commune registration.stop_choosing_by_commune renewals.purposes_to_ask
registration.is_first_time registration.vote_in_territory registration.vote_abroad registration.brought_by
registration.register registration.help_from_elsewhere registration.votes_elsewhere registration.vote_with_members
responses.record responses.response
proofs.sealed_of restriction.restrict restriction.lift
rights.stop rights.delete rights.keep_me rights.why rights.holding rsvps.answer_invitation
hosts.propose hosts.withdraw hosts.sent_back helpers.join
event_cards.opened rsvps.free_seats rsvps.seats_held rsvps.bring_guests rsvps.wait_for_all event_cards.turned
shifts.shifts_of shifts.find shifts.take shifts.give_back feedback.rate feedback.change feedback.said_of
check_ins.check_in check_ins.check_in_by_digits check_ins.walk_in check_ins.walk_in_joined
rsvps.answer_of rsvps.confirm_coming rsvps.tell_whether_came event_cards.upcoming_page staff_links.join
event_cards.find_with_answer
people.keep_language vote_plans.keep_slot vote_plans.pledge
vote_plans.tell_place vote_plans.plan_slot vote_plans.plan_departure vote_plans.plan_company
surveys.answer surveys.take_back surveys.to_take_back
conversations.write conversations.edit conversations.erase conversations.forget conversations.end conversations.end_of
conversations.has_agreed conversations.talking conversations.team_wrote_last
vote_plans.answer_echo vote_plans.plan_of vote_plans.tell_turnout vote_plans.keep_plan
"""
"""What people do about themselves: the person who acts is the only one it touches."""

MACHINE = """
canvass_walks.print_sheet canvass_walks.tend
canvass.ranking canvass.walks_in canvass.cut_area canvass_imports.preview_addresses canvass_imports.import_addresses
canvass_imports.find_places canvass_imports.import_stations canvass_imports.import_results
canvass_imports.stations_missing canvass_imports.vanished canvass_imports.forget_addresses
effects.measure expressions.count expressions.why saved_audiences.save saved_audiences.delete
audit.note audit.verify audit.forget_some audit.count_forgotten
apart.settled_apart
planning.plan planning.look planning.look_at_changed planning.is_to_be_looked_at planning.others
event_reminders.due_reminders event_reminders.plan_reminders waitlist.tend shift_offers.tend
opt_outs.preview opt_outs.import_list
polling_places.difference polling_places.import_places renewals.look_at_everybody renewals.look_at_some
authority.operator event_account.listed event_account.account event_calendar.all_public
retention.purge surveys.import_survey survey_results.listed survey_results.results
staff.add staff.revoke_on_the_machine staff_links.make_link audit.take_turn
authority.roles_of authority.hosted_by authority.author_of staff.roles_of exports.note
erasure.begin_suppressions_anew proofs.prove restores.settle_log
witness.head witness.anchor witness.look witness.tell_head alarms.tell alarms.present
broadcast_approvals.end_overdue campaign_changes.changes campaign_changes.accept
campaign_changes.tell_of_hours claims.tend claims.end_unfounded inbox_groups.joined inbox_groups.left
"""
"""What the bot does by itself, or whoever has the machine with the command line."""

AFTERWARDS = """
canvass_imports.require_whole canvass_results.doors_in
effects.effects_of expressions.setting_of forecasts.forecast forecasts.obstacles broadcasts.require_somebody
audiences.reach audiences.reach_now audiences.flow_now told_forecasts.forecast_now
event_reach.to_tell event_news.leaves_at events.require_managed audience_words.view
audience_words.view_for audience_typing.read audience_typing.require_usable
broadcasts.queue broadcast_control.progress_of_many broadcast_drafts.draft_of
broadcasts.as_it_may_leave broadcasts.awaits_second_person broadcasts.columns_of broadcasts.fill
broadcast_subject.subject_of broadcast_cards.versions broadcast_subject.titles broadcast_subject.member
approval_forecasts.foreseen broadcast_approvals.tell_it_waits_again letting_go.let_go
approval_forecasts.foreseen_now approval_forecasts.foreseen_by forecasts.forecast_of forecasts.forecast_again
broadcast_control.pause_orphans broadcast_approvals.ask broadcast_approvals.end broadcast_approvals.give_up
event_news.follow_change event_news.follow_cancellation event_news.holds_other_dates event_news.are_held event_news.hold
events.parted events.hold_words
rewording.apply staff_links.end_unfounded staff_links.refuse_twice staff.makers_of
admissions.ask admissions.second_admins admissions.end_unfounded approvals.seconds_who approvals.take_up
second_people.seconds_of second_people.ask_whoever_joined last_change.changed_meanwhile last_change.require_unchanged
approvals.require_second approvals.close notices.tell notices.tell_admins notices.admins notices.admins_by_zone
check_ins.at_its_door check_ins.is_any_door_open check_ins.remember_screen event_cards.remember_card
event_cards.remembered_as event_cards.was_sent shifts.event_of
attendees.there attendees.listed attendees.is_long attendees.number
attendees.shows_names events.counts_of events.with_counts
survey_results.is_long
survey_results.results_now survey_results.found_in survey_results.as_read feedback.figures_of
event_cards.find event_cards.standing announcing.invite announcing.queue_invitation
event_news.hand_on
event_news.tell event_news.gather event_news.pending event_news.invited events.apply_change events.apply_cancellation
too_late.of_event too_late.to_decide
series.following event_history.history event_history.refused team_log.titles
hosts.reason_of hosts.trust hosts.title_of hosts.tell_removed events.require_may_reword
series.make series.invite series.of_event series.how_many_others event_ends.drop event_ends.stop_news
event_calendar.followed public_events.shown
exports.write exports.content
friends.tell_recruiter ledger.note_choice console.end_unfounded
duties.team duties.on_duty duties.coordinators conversations.leave_answering
inbox_load.usual_wait inbox_load.load_in inbox_load.loads_for
claims.let_go
"""
"""What others call once they checked: a target that `target_of` narrowed, a broadcast just made or `followed`, an
export that was ordered, the titles of events, which are public.
"""

BY_LINK = """
downloads.look downloads.use
console.look console.enter console.enter_by_launch console.signed_in console.sign_out
"""
"""What a one-time link opens, as long as the roles of its owner allow it: tests/actions/test_downloads.py,
tests/web/test_console_doors.py.
"""

NARROWING = (
    "authority.in_turn drafts.take audiences.target_of exports.tables_for doubts.unattended admissions.waiting"
    " export_orders.waiting"
    " approvals.gone broadcast_approvals.too_late broadcast_approvals.open_for broadcast_cards.sent_to_their_areas"
    " audience_typing.events_known audience_typing.saved_known inbox.edit"
)
"""What gives less to who may do less, and nothing to who may do nothing: tested on its own below."""

PURE = """
series.moved_with
told_forecasts.as_told told_forecasts.read_forecast forecast_places.held_after forecast_places.held_behind
today.coming_back today.leaving_now telling.telling dialogs.said_in dialogs.set_aside dialogs.without
broadcasts.sending_of event_drafts.sending surveys.sending_of
canvass.lines canvass_doors.silence_at canvass_doors.zone_at canvass_doors.require_time canvass_offers.require_sound
canvass_offers.invited_to broadcasts.is_written broadcasts.require_written
erasure.sealing audiences.places_named audiences.as_far_as broadcasts.require_vote_to_come
broadcasts.require_time_to_come broadcast_drafts.written broadcast_drafts.replacing
event_drafts.written event_drafts.dates event_drafts.repeats event_drafts.useful_until event_drafts.as_told
announcing.require_worded events.require_end survey_drafts.written
audit.staff_actor audit.chained authority.area_name
announcing.silence_at event_seats.wanted
event_calendar.calendar_file event_calendar.file_name event_calendar.entry_of event_calendar.is_silent
hosts.around announcing.require_sound events.over_at events.require_may_cancel events.news_of event_news.coming_to
event_news.are_many series.as_told rewording.kept rewording.new_texts
announcing.columns_of_place announcing.require_future announcing.require_fitting
announcing.columns_of announcing.new_code announcing.require_announceable event_cards.event_card event_cards.distance_to
event_cards.nearest_first announcing.draft_of events.changed planning.open_steps planning.step_key
renewals.question_of renewals.text_hash renewals.consent_texts
staff_links.hash_of statistics.level_within statistics.wider_area
waitlist.lives_by questions.about_coming questions.about_having_come
vote_plans.require_open vote_plans.require_not_over vote_plans.next_vote_after
surveys.require_sound surveys.require_form surveys.silence survey_results.results_from surveys.new_code surveys.draft_of
conversations.area_of_person inbox_load.load_of approval_forecasts.is_foreseen
rsvps.require_open
people.require_supporter people.require_unrestricted registration.require_open exports.as_read_by exports.source_of
"""
"""What computes and touches no database."""


def actions() -> dict[str, Any]:
    """Every public function of bot.actions, and every class that is called like one."""
    found = {}
    for module in pkgutil.iter_modules(bot.actions.__path__):
        loaded = importlib.import_module(f"bot.actions.{module.name}")
        for name, value in vars(loaded).items():
            defined_here = getattr(value, "__module__", "") == loaded.__name__
            callable_ = inspect.isfunction(value) or (inspect.isclass(value) and "__call__" in vars(value))
            if defined_here and callable_ and not name.startswith("_"):
                found[f"{module.name}.{name}"] = value
    return found


def test_every_action_is_in_one_table() -> None:
    listed = [*MATRIX, *" ".join((OWN, MACHINE, AFTERWARDS, BY_LINK, NARROWING, PURE)).split()]
    assert len(listed) == len(set(listed))
    assert set(actions()) - set(listed) == set(), "say here, or in tests/matrix, who may do it"
    assert set(listed) - set(actions()) == set()


def test_what_is_said_to_be_pure_touches_no_database() -> None:
    found = actions()
    for name in PURE.split():
        assert not {"tx", "database"} & set(inspect.signature(found[name]).parameters), name


def test_whoever_acts_for_others_is_known_by_their_role() -> None:
    """An action in the matrix is given its author; one that people do themselves is not."""
    found = actions()
    for name in MATRIX:
        assert "author" in inspect.signature(found[name]).parameters, name
    for name in (*OWN.split(), *MACHINE.split()):
        assert "author" not in inspect.signature(found[name]).parameters, name
