"""Expressions of audiences: what is written is what is meant, in one form; what is wrong is pointed at."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadAudience
from bot.rules.belonging import HOLDS, Setting, Somebody, facts_of, verdict
from bot.rules.expression_text import expression_in
from bot.rules.expressions import (
    MOST_LEAVES,
    MOST_NESTED,
    All,
    AnyOf,
    Expression,
    Not,
    as_json,
    canonical,
    from_json,
    text_of,
)
from bot.rules.leaves import LEAVES, Leaf, period_of, read_leaf
from bot.rules.sampling import sampling_of
from tests.expressions import ARGUMENTS, expressions

NOW = datetime(2016, 11, 16, 9, tzinfo=UTC)
SAMPLING = sampling_of("primaire-2016")


@given(expression=expressions())
def test_text_and_json_say_the_same(expression: Expression) -> None:
    plain = canonical(expression)
    assert expression_in(text_of(plain)) == plain
    assert expression_in(json.dumps(as_json(plain))) == plain
    assert from_json(json.loads(json.dumps(as_json(expression)))) == plain
    assert canonical(plain) == plain
    assert text_of(expression_in(text_of(plain))) == text_of(plain)


@given(expression=expressions(but=("audience", "near")), seed=st.integers(0, 40), agreed=st.booleans())
def test_the_canonical_form_means_the_same(expression: Expression, seed: int, agreed: bool) -> None:
    person = Somebody(
        id=seed,
        language="fr" if seed % 2 else "en",
        commune="69123" if seed % 3 else None,
        volunteer=bool(seed % 5),
        agreed_commune=agreed,
    )
    setting = Setting(now=NOW, sampling=SAMPLING)
    before = verdict(expression, facts_of(person, setting))
    after = verdict(canonical(expression), facts_of(person, setting))
    assert before == after
    assert after.by  # something decided


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("in:69", "in:69"),
        ("  IN:2a  ", "in:2A"),
        ("volunteer and not staff", "volunteer and not staff"),
        ("volunteer AND NOT (staff)", "volunteer and not staff"),
        ("not not volunteer", "volunteer"),
        # and binds closer than or
        ("volunteer or staff and named", "volunteer or (staff and named)"),
        ("not volunteer or staff", "not volunteer or staff"),
        ("not (volunteer or staff)", "not (volunteer or staff)"),
        ("(volunteer and (staff and named))", "volunteer and staff and named"),
        ("volunteer and volunteer", "volunteer"),
        ("near:2a004:007", "near:2A004:7"),
        ("rsvp:Ab12:YES", "rsvp:Ab12:yes"),
        ("joined:<07d or seen:>2016-11-01", "joined:<7d or seen:>2016-11-01"),
        ("audience:Rhône_Nord-2", "audience:rhône_nord-2"),
        # The same name in letters that are composed otherwise.
        ("audience:rho\u0302ne", "audience:rhône"),
        ('{"all": ["in:69", {"not": {"any": ["staff", "named"]}}]}', "in:69 and not (staff or named)"),
        ('"volunteer"', "volunteer"),
    ],
)
def test_what_is_typed_is_read(typed: str, read: str) -> None:
    assert text_of(expression_in(typed)) == read


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "The expression is empty: write in:FR for everybody"),
        ("  \n ", "The expression is empty"),
        ("in:69 and memeber", "At character 11, “memeber”: there is no condition “memeber”: write in, near,"),
        (
            "in:69 or volunter",
            "At character 10, “volunter”: there is no condition “volunter”: write volunteer if",
        ),
        ("in:69 volunteer", "At character 7, “volunteer”: nothing joins this"),
        ("(in:69 volunteer)", "At character 8, “volunteer”: nothing joins this"),
        ("in:69 and", "At character 7, “and”: something is missing after this"),
        ("or in:69", "At character 1, “or”: a condition is missing before this"),
        ("in:69 and or staff", "At character 11, “or”: a condition is missing before this"),
        ("not", "At character 1, “not”: something is missing after this"),
        ("staff and (in:69 or named", "At character 11, “(”: this parenthesis is not closed"),
        ("staff)", "At character 6, “)”: this parenthesis closes nothing"),
        ("()", "At character 2, “)”: a condition is missing"),
        ("in:Lyon", "At character 1, “in:Lyon”: “Lyon” is not an area: use FR"),
        ("in", "At character 1, “in”: “in” is not complete or says too much: write it as in:69."),
        ("in:", "write it as in:69."),
        ("in:69:70", "write it as in:69."),
        ("staff:yes", "write it as staff."),
        ("near:Lyon:20", "“Lyon” is not a commune’s INSEE code"),
        ("near:69:20", "“69” is not a commune’s INSEE code"),
        ("near:69123:0", "“0” is not a distance in kilometres: write a whole number from 1 to 500."),
        ("near:69123:501", "write a whole number from 1 to 500."),
        ("near:69123:2e1", "write a whole number from 1 to 500."),
        ("near:69123:²", "write a whole number from 1 to 500."),
        ("language:français", "is not the code of a language"),
        (
            "rsvp:aa11:perhaps",
            "“perhaps” is no such answer: write yes, maybe, no, silent, waitlisted, attended or absent.",
        ),
        ("survey:x", "write it as survey:CODE:OPTION."),
        ("survey:a b:any", "is not complete"),
        ("survey:été:any", "is not the code of a survey"),
        ("survey:x:a.b.c", "is not an option of a survey"),
        ("vote:0:voted", "is not the number of a ballot"),
        ("joined:2016-11-01", "is not a time: write >2016-11-01"),
        ("joined:>2016-02-30", "is not a time"),
        ("joined:<0d", "is not a time"),
        ("joined:>9999-12-31", "is not a time"),
        ("seen:<99999d", "is not a time"),
        ("got:last", "is not the number of a message"),
        ("got:99999999999999999999999999", "is not the number of a message"),
        ("sample:0", "is not a percentage: write a whole number from 1 to 100."),
        ("audience:7", "“7” is no name of an audience"),
        ("audience:" + "a" * 41, "is no name of an audience"),
        ("x" * 10_001, "The expression is 10,001 characters long"),
        (" and ".join(["staff"] * 10_000), "characters long"),
        (" or ".join(["staff"] * (MOST_LEAVES + 1)), "has more than 100 conditions: save parts of it"),
        ("(" * 500 + "staff" + ")" * 500, "nested more than 30 deep: save parts of it"),
        ("not " * 500 + "staff", "nested more than 30 deep"),
        ("(" * 20 + "staff and named or in:69" + " and staff or named)" * 20, "nested more than 30 deep"),
        ("{", "At character 2 the JSON cannot be read"),
        ('{"not": ' * 1_000 + '"staff"' + "}" * 1_000, "nested more than 30 deep"),
        ('{"not": ' * 31 + '"staff"' + "}" * 31, "nested more than 30 deep"),
        ('{"all": []}', '{"all": []} is no part of an audience'),
        ("[]", "[] is no part of an audience"),
        ('{"all": ["staff"], "any": ["named"]}', "is no part of an audience"),
        ('{"not": ["staff"]}', '["staff"] is no part of an audience'),
        ('{"all": [1, "staff"]}', "1 is no part of an audience"),
        ('{"any": ["staff", "in:Lyon"]}', 'In "in:Lyon": “Lyon” is not an area'),
        ('{"any": ["in:69 or staff"]}', "“69 or staff” is not an area"),
        (json.dumps({"any": ["staff"] * 101}), "has more than 100 conditions"),
        ("in:69\x00", "is not an area"),
    ],
)
def test_what_is_wrong_is_pointed_at(typed: str, sentence: str) -> None:
    with pytest.raises(BadAudience) as refused:
        expression_in(typed)
    assert sentence in refused.value.sentence
    assert refused.value.sentence.endswith(".")
    assert len(refused.value.sentence) < 500
    assert "\n" not in refused.value.sentence


@given(typed=st.text(alphabet=st.sampled_from("()andornot in:69 {}[]\"':<>-²é\u200b"), max_size=60))
def test_anything_typed_is_read_or_refused_with_a_sentence(typed: str) -> None:
    try:
        expression = expression_in(typed)
    except BadAudience as fault:
        sentence = fault.sentence
        assert sentence.endswith(".")
    else:
        assert expression_in(text_of(expression)) == expression


def test_as_many_and_as_deep_as_allowed_is_read() -> None:
    ballots = [f"vote:{ballot}:voted" for ballot in range(1, MOST_LEAVES)]
    assert isinstance(expression_in(" or ".join(["staff", *ballots])), AnyOf)
    deep = "staff"
    for level in range(MOST_NESTED - 1):
        deep = f"not ({deep} {'and' if level % 2 else 'or'} named)" if level % 2 else f"({deep} or volunteer)"
        if depth(expression_in(deep)) > MOST_NESTED - 2:
            break
    assert depth(expression_in(deep)) <= MOST_NESTED


def depth(expression: Expression) -> int:
    match expression:
        case Not(part):
            return 1 + depth(part)
        case All(parts) | AnyOf(parts):
            return 1 + max(map(depth, parts))
    return 0


def test_every_leaf_has_an_example_that_reads_and_a_reader() -> None:
    assert set(LEAVES) == set(ARGUMENTS) == {*HOLDS, "audience"}
    for name, form in LEAVES.items():
        assert read_leaf(form.example).name == name
        assert form.meaning[-1] not in ".:"
        for arguments in ARGUMENTS[name]:
            assert read_leaf(str(Leaf(name=name, arguments=arguments))) == Leaf(
                name=name, arguments=arguments
            )


@pytest.mark.parametrize(
    ("written", "moment", "is_meant"),
    [
        # Days are those of Paris: the first of November ends at 23:00 UTC.
        (">2016-11-01", "2016-11-01T22:59+00:00", False),
        (">2016-11-01", "2016-11-01T23:00+00:00", True),
        ("<2016-11-01", "2016-10-31T22:59+00:00", True),
        ("<2016-11-01", "2016-10-31T23:00+00:00", False),
        ("<7d", "2016-11-09T09:00+00:00", True),
        ("<7d", "2016-11-09T08:59+00:00", False),
        (">7d", "2016-11-09T09:00+00:00", False),
        (">7d", "2016-11-09T08:59+00:00", True),
    ],
)
def test_times(written: str, moment: str, is_meant: bool) -> None:
    assert period_of(written, NOW).holds(datetime.fromisoformat(moment)) is is_meant
    assert not period_of(written, NOW).holds(None)


LYON = Somebody(id=1, commune="69123", territory="FR", agreed_commune=True, volunteer=True)
DISCREET = Somebody(id=2, commune="69123", territory="FR", volunteer=True)


@pytest.mark.parametrize(
    ("typed", "person", "is_in", "by"),
    [
        ("in:69", LYON, True, "in:69"),
        ("in:69 and staff", LYON, False, "staff"),
        ("in:69 or staff", LYON, True, "in:69"),
        ("not (in:75 or staff)", LYON, True, "not in:75, not staff"),
        ("not (in:69 and volunteer)", LYON, False, "not in:69, not volunteer"),
        # Their commune is not used, neither for nor against them.
        ("in:69", DISCREET, False, "in:69 (no consent)"),
        ("not in:75", DISCREET, False, "not in:75 (no consent)"),
        ("in:69 or not in:69", DISCREET, False, "in:69 (no consent), not in:69 (no consent)"),
        ("in:69 or volunteer", DISCREET, True, "volunteer"),
        ("in:FR and not in:abroad", DISCREET, True, "in:FR, not in:abroad"),
    ],
)
def test_the_verdict_names_what_decided(typed: str, person: Somebody, is_in: bool, by: str) -> None:
    found = verdict(expression_in(typed), facts_of(person, Setting(now=NOW, sampling=SAMPLING)))
    assert found.is_in is is_in
    assert ", ".join(f"{each.text} (no consent)" if each.no_consent else each.text for each in found.by) == by


@pytest.mark.parametrize("first", [1, 10_000_000, 2**40])
def test_a_sample_is_as_large_as_it_says_and_grows(first: int) -> None:
    people = range(first, first + 20_000)
    for percent in (1, 10, 50):
        drawn = {person for person in people if SAMPLING.draws(person, percent)}
        # Four standard deviations of a fair draw.
        expected, spread = 200 * percent, 4 * (20_000 * percent / 100 * (1 - percent / 100)) ** 0.5
        assert abs(len(drawn) - expected) < spread
        assert drawn <= {person for person in people if SAMPLING.draws(person, percent + 10)}
        # Not by the parity of the number, nor the same in another campaign.
        assert abs(2 * len([person for person in drawn if person % 2]) - len(drawn)) < 2 * spread
        other = sampling_of("another")
        assert len([person for person in drawn if other.draws(person, percent)]) < len(drawn) * 0.7
    assert all(SAMPLING.draws(person, 100) for person in people)
