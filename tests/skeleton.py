"""A language that nobody ships: `locales/` with one more in it, which a bot in a process of its own speaks.

It proves that a language is a folder and a row: nothing outside `locales/` is touched.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po, write_po

SHIPPED = Path(__file__).parent.parent / "locales"
CODE, NAME = "eo", "Esperanto"
SPOKEN = "⟦eo⟧"
"""Stands in every message of the skeleton: whoever reads it reads the skeleton's words and no other's."""

WORDS = """
[said]
stop = ["haltu", "ĉesu"]
yes = ["jes"]
no = ["ne"]
perhaps_stop = ["… (ĉesi|haltigi) …"]
voted = ["mi voĉdonis"]
not_coming = ["… mi ne (plu|) venos …"]
where = ["kie", "… kie mi voĉdonu …"]
events = ["eventoj"]
volunteer = ["volontulo"]
help = ["helpo"]
thanks = ["dankon"]
hello = ["saluton"]
around = ["bonvolu", "nun"]
going_on = ["ne (haltu|ĉesu)"]
asking = ["kiel … (ĉesi|haltigi)"]

[dates]
months = [["januaro"], ["februaro"], ["marto"], ["aprilo"], ["majo"], ["junio"], ["julio"], ["aŭgusto"], ["septembro"],
          ["oktobro"], ["novembro"], ["decembro"]]
weekdays = [["lundo"], ["mardo"], ["merkredo"], ["ĵaŭdo"], ["vendredo"], ["sabato"], ["dimanĉo"]]
noon = ["tagmezo"]
hours = ["horo"]
minutes = ["minutoj"]
going = ["iros"]
morning = ["mateno"]
afternoon = ["posttagmezo"]
evening = ["vespero"]
before_noon = []
after_noon = []
ordinals = ["a", "an"]
of = ["de"]
around = ["la", "je"]
since = ["de"]
until = ["ĝis"]
now = ["tuj"]

[dates.days]
two_days_ago = ["antaŭhieraŭ"]
yesterday = ["hieraŭ"]
today = ["hodiaŭ"]
tomorrow = ["morgaŭ"]
in_two_days = ["postmorgaŭ"]

[formats]
day = "EEEE, 'la' d'-a' 'de' MMMM"
day_and_year = "d MMMM y"
first = "1"
short_day = "d MMM"
hour = "H:mm"
full_hour = "H 'h'"
moment = "{day} je {hour}"

[no_break]
before = []
after = []
numbered = []
units = ["km", "horoj"]

[places]
voting = ["mi voĉdonas"]
before = ["mi loĝas"]
linking = ["en"]
besides = ["bonvolu"]
abroad = ["eksterlande"]
articles = ["la"]

[places.of]
other = "de {name}"

[places.at]
other = "en {name}"

[places.countries]
"Usono" = "US"

[places.territories]
"Markizaj Insuloj" = "987-marquises"

[places.posts]
"London" = "Londono"

[audience]
and = ["kaj"]
or = ["aŭ"]
except = ["krom"]
within = ["ene de"]
around = ["de", "la"]
who = ["tiuj", "kiuj"]
kilometres = ["km"]

[audience.said]
everybody = ["ĉiuj"]
abroad = ["eksterlande"]
volunteer = ["volontuloj"]
staff = ["teamo"]
recruited = ["venis per amiko"]
recruiter = ["venigis amikon"]
named = ["konataj de la teamo"]
yes = ["diris jes"]
maybe = ["diris eble"]
no = ["diris ne"]
silent = ["ne respondis"]
waitlisted = ["atendas"]
attended = ["ĉeestis"]
absent = ["forestis"]
will = ["voĉdonos"]
unsure = ["hezitas"]
cannot = ["ne povas voĉdoni"]
planned = ["havas planon"]
unplanned = ["sen plano"]
voted = ["voĉdonis"]
not_voted = ["ne voĉdonis"]

[campaign]
round = "{number}-a balotado"
vote = "voĉdonado"
funding = "Donacoj kaj kotizoj"

[polling_places]
surnames = ["nomoj"]
every_round = ["ĉiuj"]

[polling_places.columns]
code = ["kodo INSEE"]
commune = ["komunumo"]
department = ["departemento"]
name = ["nomo"]
address = ["adreso"]
hours = ["horoj"]
opens = ["malfermo"]
closes = ["fermo"]
streets = ["stratoj"]
surnames = ["familinomoj"]
latitude = ["latitudo"]
longitude = ["longitudo"]
ballot = ["balotado"]
"""


def without(key: str, text: str = WORDS) -> str:
    """The words without the line of a key."""
    kept = [line for line in text.splitlines() if not line.startswith(f"{key} =")]
    assert len(kept) < len(text.splitlines())
    return "\n".join(kept)


def add_skeleton(folder: Path, *, words: str = WORDS) -> Mapping[str, str]:
    """Puts `locales` with the skeleton into a folder; the environment of a process that imports them from there."""
    made = folder / "locales"
    shutil.copytree(SHIPPED, made, ignore=shutil.ignore_patterns("__pycache__"))
    _add_row(made / "__init__.py")
    (made / CODE / "LC_MESSAGES").mkdir(parents=True)
    (made / CODE / "words.toml").write_text(words, encoding="utf-8")
    (made / CODE / "LC_MESSAGES" / "portevoix.po").write_bytes(_catalogue())
    shutil.copytree(made / "templates" / "documents" / "en", made / "templates" / "documents" / CODE)
    # Before the checkout's own, which stands on the path of an installation for development.
    return {"PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"}


def _add_row(file: Path) -> None:
    row = f'        Language(code="{CODE}", name="{NAME}", locale="{CODE}"),\n'
    before, english, after = file.read_text(encoding="utf-8").partition('        Language(code="en"')
    assert english, "Where is the row of English?"
    file.write_text(before + row + english + after, encoding="utf-8")


@cache
def _catalogue() -> bytes:
    """Every message marked, in the words of the source."""
    shipped = (SHIPPED / "fr" / "LC_MESSAGES" / "portevoix.po").read_bytes()
    catalogue = read_po(io.BytesIO(shipped), locale=CODE)
    for message in catalogue:
        if message.id:
            sources = (message.id,) if isinstance(message.id, str) else message.id
            said = tuple(f"{SPOKEN} {source}" for source in sources)
            message.string = said[0] if isinstance(message.id, str) else said
    written = io.BytesIO()
    write_po(written, catalogue)
    return written.getvalue()
