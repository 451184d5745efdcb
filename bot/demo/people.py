"""Believable supporters for a demonstration: invented names, real communes, the same ones for the same seed."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from bot.communes import Commune, Gazetteer
from bot.frozen import Frozen
from bot.rules.territories import METROPOLE

FIRST_NAMES = (
    "Adèle Agathe Alice Anaïs Antoine Arthur Aurélie Baptiste Bastien Béatrice Bernard Brigitte Camille Catherine "
    "Cécile Charlotte Chloé Christophe Claire Clément Corinne Damien Denis Dominique Élise Élodie Émilie Éric Fabien "
    "Fatima Florence François Gabriel Gérard Guillaume Hélène Henri Hugo Inès Isabelle Jacques Jean Jeanne Jérôme "
    "Julien Karim Laurent Léa Louis Lucie Malik Manon Marc Marguerite Marie Martin Mathilde Michel Monique Nadia "
    "Nathalie Nicolas Olivier Pascale Patrick Paul Philippe Pierre Raphaël Rémi Romain Sabine Samuel Sandrine Sarah "
    "Simon Sophie Stéphane Suzanne Sylvie Teura Thérèse Thierry Thomas Valérie Victor Vincent Virginie Yasmine Yves Zoé"
).split()
LAST_NAMES = (
    "Albert Arnaud Aubert Barbier Benoît Bernard Bertrand Blanc Bonnet Boucher Bourgeois Boyer Brun Chevalier Colin "
    "David Denis Dubois Dufour Dumas Dupont Durand Fabre Faure Fontaine Fournier Gaillard Garnier Gauthier Gérard "
    "Girard Giraud Guérin Henry Hubert Joly Lambert Laurent Leclerc Lefebvre Lemaire Leroux Leroy Lucas Marchand "
    "Martin Mathieu Mercier Meunier Meyer Morel Moreau Moulin Nicolas Noël Perrin Petit Picard Renard Renaud Rey "
    "Richard Rivière Robert Robin Roche Rousseau Roux Royer Schmitt Simon Thomas Vidal Vincent"
).split()
# Beside metropolitan France, a few people in each of these, so that every zone is seen.
OVERSEAS = (
    "97105",
    "97209",
    "97302",
    "97411",
    "97502",
    "97611",
    "97701",
    "97801",
    "98613",
    "98735",
    "98731",
    "98818",
)
ENGLISH_SHARE = 0.08
FIRST_ID = 5_000_001


class DemoPerson(Frozen):
    """A person in the local Telegram, and where they vote."""

    telegram_id: int
    first_name: str
    last_name: str
    language: str
    commune: Commune


def invent(gazetteer: Gazetteer, count: int, seed: int = 2016) -> list[DemoPerson]:
    """`count` people: communes by population, a good share around Lyon, some overseas."""
    chance = random.Random(seed)
    inhabitants = gazetteer.inhabitants(METROPOLE)
    around_lyon = [
        place for code in sorted(gazetteer.within("69123", 25)) if (place := gazetteer.by_code(code))
    ]
    overseas = [place for code in OVERSEAS if (place := gazetteer.by_code(code))]
    chosen = [
        *(chance.choices(overseas, k=count // 10)),
        *(chance.choices(around_lyon, [place.population for place in around_lyon], k=count // 4)),
    ]
    drawn = chance.choices([*inhabitants], [*inhabitants.values()], k=count - len(chosen))
    chosen += [place for code in drawn if (place := gazetteer.by_code(code))]
    return [
        DemoPerson(
            telegram_id=FIRST_ID + number,
            first_name=chance.choice(FIRST_NAMES),
            last_name=chance.choice(LAST_NAMES),
            language="en" if chance.random() < ENGLISH_SHARE else "fr",
            commune=commune,
        )
        for number, commune in enumerate(chosen)
    ]


def as_supporter(person: DemoPerson, *, registered_at: datetime, pseudonym: str) -> dict[str, Any]:
    """The row of `people` of somebody who signed up and agreed to everything."""
    commune = person.commune
    return {
        "telegram_id": person.telegram_id,
        "pseudonym": pseudonym,
        "state": "registered",
        "language": person.language,
        "first_name": person.first_name,
        "commune": commune.code,
        "department": commune.department,
        "region": commune.region,
        "territory": commune.territory,
        "zone": commune.zone,
        "latitude": commune.latitude,
        "longitude": commune.longitude,
        "consent_contact": True,
        "consent_commune": True,
        "consent_team": True,
        "consent_keep": True,
        "asked_team": True,
        "asked_keep": True,
        "created_at": registered_at,
        "registered_at": registered_at,
        "seen_at": registered_at,
    }


def registration_instants(count: int, until: datetime, seed: int = 2016) -> list[datetime]:
    """When they signed up: over the last six weeks, more and more."""
    chance = random.Random(seed)
    return [until - timedelta(days=42 * chance.random() ** 2, minutes=30) for _ in range(count)]
