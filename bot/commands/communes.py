"""`portevoix communes …`: the list of French communes, as the bot searches it."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from io import TextIOWrapper
from typing import Any

from bot.clock import RealClock
from bot.commands.arguments import CommandRefused, SubCommands, commune_of, group
from bot.communes import OFFICIAL_API, Commune, Gazetteer, SearchResult, load
from bot.settings import Settings


def add_to(commands: SubCommands) -> None:
    communes = group(commands, "communes", "search and update the list of French communes")
    search_parser = communes.add_parser(
        "search",
        help="find communes as people type them",
        description="Find communes by what people may type.",
    )
    search_parser.add_argument("text", nargs="*", help="a name, a postcode, “st etienne”, “Paris 15” …")
    search_parser.add_argument(
        "--limit", type=int, default=5, metavar="N", help="how many to show at most (default: 5)"
    )
    search_parser.add_argument(
        "--jsonl", action="store_true", help="answer each line of standard input with one line of JSON"
    )
    search_parser.set_defaults(run=search)
    nearest_parser = communes.add_parser(
        "nearest", help="find the communes around a point", description="Find the communes around a point."
    )
    nearest_parser.add_argument("latitude", type=float, metavar="LAT", help="degrees north, such as 45.76")
    nearest_parser.add_argument("longitude", type=float, metavar="LON", help="degrees east, such as 4.84")
    nearest_parser.add_argument(
        "--limit", type=int, default=3, metavar="N", help="how many to show at most (default: 3)"
    )
    nearest_parser.set_defaults(run=nearest)
    info_parser = communes.add_parser(
        "info",
        help="all that is known of a commune, and how old the list is, as JSON",
        description="Print all that is known of a commune, and how old the list is, as JSON.",
    )
    info_parser.add_argument("code", metavar="CODE", help="its INSEE code, such as 69123 or 2A004")
    info_parser.set_defaults(run=info)
    update_parser = communes.add_parser(
        "update",
        help="read the official list again (geo.api.gouv.fr)",
        description="Read the official list of communes again, over the network, and keep it in PORTEVOIX_DATA.",
    )
    update_parser.add_argument(
        "--from",
        dest="url",
        metavar="URL",
        default=OFFICIAL_API,
        help="a service that answers like the official one, such as a mirror (default: %(default)s)",
    )
    update_parser.set_defaults(run=update)


def search(arguments: Namespace, settings: Settings) -> int:
    """One query of the arguments, or one a line of standard input."""
    _check_limit(arguments.limit)
    gazetteer = load(settings.data)
    if arguments.jsonl:
        return _answer_lines(gazetteer, arguments.limit)
    if not arguments.text:
        raise CommandRefused(
            "Nothing to search: write a name or a postcode, or --jsonl to read them from a file."
        )
    text = " ".join(arguments.text)
    found = gazetteer.search(text, limit=arguments.limit)
    for commune in found.results:
        print(_line(commune))
    if found.abroad is not None:
        place = ", ".join(filter(None, (found.abroad.city, found.abroad.country, found.abroad.zone)))
        print(f"Abroad: {place}.", file=sys.stderr)
    elif not found.results:
        print(
            f"Nothing was found for “{text[:60]}”: try a postcode, or a name with the number of its département"
            " (saint denis 93).",
            file=sys.stderr,
        )
    return 0


def _check_limit(limit: int) -> None:
    if limit < 1:
        raise CommandRefused(f"--limit {limit} shows nothing: write 1 or more.")


def _answer_lines(gazetteer: Gazetteer, limit: int) -> int:
    # Whatever the locale, lines are UTF-8 both ways, and what is none is answered like any other junk.
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    for line in sys.stdin:
        found = gazetteer.search(line.rstrip("\r\n"), limit=limit)
        # Flushed at once: a program may wait for the answer before it asks again.
        print(json.dumps(as_json(found), ensure_ascii=False), flush=True)
    return 0


def as_json(found: SearchResult) -> dict[str, Any]:
    """The object of `communes search --jsonl` (a contract: see DESIGN.md)."""
    results = [
        {
            "code": commune.code,
            "name": commune.official_name,
            "department": commune.department,
            "postcodes": list(commune.postcodes),
            "zone": commune.zone,
        }
        for commune in found.results
    ]
    return {"query": found.query, "confident": found.confident, "results": results}


def nearest(arguments: Namespace, settings: Settings) -> int:
    if not (-90 <= arguments.latitude <= 90 and -180 <= arguments.longitude <= 180):
        raise CommandRefused("No such point: a latitude is from -90 to 90, a longitude from -180 to 180.")
    _check_limit(arguments.limit)
    found = load(settings.data).nearest(arguments.latitude, arguments.longitude, limit=arguments.limit)
    for commune, kilometres in found:
        about = "≈ " if commune.approximate else ""  # its centre is its neighbours'
        print(f"{_line(commune)}  {about}{kilometres:.1f} km")
    if not found:
        print("No French commune is near this point.", file=sys.stderr)
    return 0


def info(arguments: Namespace, settings: Settings) -> int:
    gazetteer = load(settings.data)
    found = commune_of(arguments.code, settings)
    known = {name: value for name, value in vars(found).items() if name != "matched_name"}
    known |= {"postcodes": list(found.postcodes), "vintage": gazetteer.vintage}
    print(json.dumps(known, ensure_ascii=False, indent=1))
    return 0


def update(arguments: Namespace, settings: Settings) -> int:
    """Reads the official list; the one in use stays where that fails."""
    from bot.communes.update import update as update_list

    # The list is as old as it is, whatever the campaign's clock says.
    done = update_list(settings.data, today=RealClock().now().date(), url=arguments.url.rstrip("/"))
    print(
        f"{done.communes} communes, list of {done.vintage}: {done.added} new, {done.removed} gone,"
        f" {done.approximate} placed by their neighbours. A bot that runs uses it after its next start."
    )
    return 0


def _line(commune: Commune) -> str:
    postcodes = ", ".join(commune.postcodes[:3]) + (" …" if len(commune.postcodes) > 3 else "")
    part = f" ({commune.matched_name} is part of it today)" if commune.matched_name else ""
    return f"{commune.code}  {commune.name}{part}, {commune.department_name}  {postcodes}  {commune.zone}"
