"""The chat page's own words: complete in each language, each used, none written in a script."""

from __future__ import annotations

import json
import re

import pytest

from simulator.server import PAGE

WORDS = {path.stem: json.loads(path.read_text()) for path in (PAGE / "words").glob("*.json")}
PARTS = "\n".join(path.read_text() for path in [*PAGE.glob("*.js"), PAGE / "index.html"])
HOLES = re.compile(r"\{\w+\}")


@pytest.mark.parametrize("language", sorted(WORDS))
def test_each_language_has_the_same_words_and_holes(language: str) -> None:
    words, english = WORDS[language], WORDS["en"]
    assert words.keys() == english.keys()
    for key, text in words.items():
        assert text.strip() == text != ""
        assert sorted(HOLES.findall(text)) == sorted(HOLES.findall(english[key]))


def test_french_has_its_own_spaces() -> None:
    for text in WORDS["fr"].values():
        assert not re.search(r" [:;?!»]|« |'|\.\.\.", text)


def test_each_word_is_said_somewhere_and_whatever_is_said_is_known() -> None:
    said = set(re.findall(r'say\("([\w.]+)"', PARTS)) | set(re.findall(r'data-say[a-z-]*="([\w.]+)"', PARTS))
    said |= {key for key in WORDS["en"] if f'"{key}"' in PARTS}  # in a conditional, or named to be said later
    said |= {
        key for key in WORDS["en"] if key.rpartition(".")[0] in said and key.endswith((".one", ".other"))
    }
    known = WORDS["en"].keys() | {key.rpartition(".")[0] for key in WORDS["en"]}
    assert said <= known
    assert WORDS["en"].keys() <= said


def test_no_script_writes_a_sentence_of_its_own() -> None:
    for path in PAGE.glob("*.js"):
        code = re.sub(r"^\s*(//|\*|/\*).*$", "", path.read_text(), flags=re.M)
        for text in re.findall(r'make\("(?:p|span|strong|button|h\d)", \{[^}]*\}, "([^"]+)"', code):
            assert not re.search(r"[A-Za-z]{2}", text), (path.name, text)


def test_the_html_says_nothing_by_itself() -> None:
    html = (PAGE / "index.html").read_text()
    body = re.sub(r"<(option|title)[^>]*>[^<]*</\1>", "", html)
    assert not re.search(r">\s*[A-Za-z]{3,}[^<]*<", body)
