import pytest

from bot.rules.communes.text import MAX_QUERY, fold, key_of, skeleton_of, without_article, words_of


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Œuf-en-Ternois", "oeuf en ternois"),
        ("L’Haÿ-les-Roses", "l hay les roses"),
        ("CHÂLONS s/ SAÔNE", "chalons sur saone"),
        ("Villars s/s Dampjoux", "villars sous dampjoux"),
        ("Lyon\u200f", "lyon"),  # a right-to-left mark inside a word does not cut it
        ("Saint\u200b-Denis", "saint denis"),
        ("😀🗳️", ""),
        ("باريس", ""),
        ("x" * 10_000, "x" * MAX_QUERY),
    ],
)
def test_fold(typed: str, folded: str) -> None:
    assert fold(typed) == folded


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("St-Denis", "Saint-Denis"),
        ("Ste Colombe", "SAINTE-COLOMBE"),
        ("Chalon s Saone", "Chalon-sur-Saône"),
        ("Sotteville-lez-Rouen", "sotteville lès rouen"),
        ("L'Isle d'Abeau", "l isle dabeau"),
    ],
)
def test_the_same_name_has_one_key(one: str, other: str) -> None:
    assert key_of(words_of(one)) == key_of(words_of(other))


def test_articles_and_small_words() -> None:
    assert without_article(["le", "havre"]) == ["havre"]
    assert without_article(["les"]) == ["les"]
    assert skeleton_of(words_of("Boulogne-sur-Mer")) == "boulognemer"
    assert skeleton_of(words_of("Les")) == ""
