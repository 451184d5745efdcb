import pytest

from bot.communes import sentence_words
from bot.rules.communes.query import Query, Sentences, area_splits, parent_of, parse_query


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("Saint-Denis (93)", Query(words=("saint", "denis"), number="93")),
        ("93 st denis", Query(words=("saint", "denis"), number="93")),
        ("Ajaccio, 2a", Query(words=("ajaccio",), number="2A")),
        ("bourg 1", Query(words=("bourg",), number="01")),
        ("F-75015 Paris", Query(words=("paris",), code="75015")),
        ("75 015 PARIS CEDEX 15", Query(words=("paris",), code="75015", postal=True)),
        ("BP 12, 69300 Caluire CEDEX", Query(words=("caluire",), code="69300", postal=True)),
        ("69300 Caluire, C.S. n° 30012", Query(words=("caluire",), code="69300")),
        ("boîte postale 12, Arue", Query(words=("arue",))),
        ("BP 98713 Papeete", Query(words=("bp", "papeete"), code="98713")),  # the only postcode that is there
        ("Lyon Cedex 03", Query(words=("lyon",), postal=True)),
        ("1400", Query(words=(), code="01400")),  # a spreadsheet took the zero away
        ("2A004", Query(words=(), code="2A004")),
        ("code postal 51300", Query(words=(), code="51300", postal=True)),
        ("INSEE 31500", Query(words=(), code="31500", insee=True)),
        ("lyon 3e", Query(words=("lyon",), arrondissement=3)),
        ("1er arrondissement de Paris", Query(words=("paris",), arrondissement=1)),
        ("75015paris", Query(words=("paris",), code="75015")),
        ("saintdenis93", Query(words=("saintdenis",), number="93")),
        ("Paris 1er arrondissement", Query(words=("paris",), arrondissement=1)),
        ("paris XVe", Query(words=("paris",), arrondissement=15)),
        ("Marseille 13", Query(words=("marseille",), number="13")),
        ("123456789", Query(words=())),  # digits that mean nothing
        ("", Query(words=())),
    ],
)
def test_parse_query(typed: str, query: Query) -> None:
    assert parse_query(typed) == query


def test_area_splits_take_the_name_apart_from_its_departement() -> None:
    areas = {"gironde": frozenset({"33"}), "reunion": frozenset({"974"})}
    assert list(area_splits(("sainte", "colombe", "gironde"), areas)) == [(("sainte", "colombe"), {"33"})]
    assert list(area_splits(("saint", "denis", "de", "la", "reunion"), areas)) == [
        (("saint", "denis"), {"974"}),
        (("saint", "denis", "de"), {"974"}),
        (("saint", "denis", "de", "la"), {"974"}),
    ]
    assert list(area_splits(("gironde", "bordeaux"), areas)) == [(("bordeaux",), {"33"})]
    assert list(area_splits(("gironde",), areas)) == []


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("je vote a lyon", "lyon"),
        ("j habite a la rochelle", "la rochelle"),
        ("je suis inscrit a lille", "lille"),
        ("mairie de nantes", "nantes"),
        ("nantes france", "nantes"),
        ("ville d avray", "avray"),  # one more reading: the whole words are tried first
        ("lyon", "lyon"),
    ],
)
def test_the_name_in_a_sentence(typed: str, plain: str) -> None:
    assert Sentences(sentence_words()).name_in(tuple(typed.split())) == tuple(plain.split())


@pytest.mark.parametrize(
    ("code", "parent"),
    [
        ("75115", "75056"),
        ("69383", "69123"),
        ("13208", "13055"),
        ("75056", None),
        ("69123", None),
        ("2A004", None),
    ],
)
def test_parent_of(code: str, parent: str | None) -> None:
    assert parent_of(code) == parent
