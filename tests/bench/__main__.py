"""`make bench`: seed once, measure, print the table, fail where a goal is missed."""

from __future__ import annotations

import argparse
import os
import sys
import time
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import django

from tests.bench.measuring import REPEATS, Figure, Times, Visitor, print_table, timed, together
from tests.serving import manage, running_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from clients.queries import Query

WORD = ("m", "mu", "mul", "mull", "anna", "sch", "berlin", "hofm", "yil")
WORDS = (
    "anna mul",
    "becker-w",
    "lena schaf",
    "anna m",
    "maria berlin",
    "s ber",
    "jasmin hofmann",
    "schmidt berlin",
    "anna 0171",
    "weber haupt",
    "peter schmidt 10",
)
DIGITS = ("0171 234", "3456", "5550318", "+49160", "4711", "0176 99", "98765", "030 44")
HARD = {"one word": WORD, "several words": WORDS, "phone digits": DIGITS}
TYPED_CARDS = 40
LEAST_TYPED = 2
LAST_DIGITS = 7
SORTS = ("name", "number", "listed_on", "last_visit", "visits")
DEEP = 500
LIST_REPEATS = 200
CALLERS = 8


def main() -> None:
    """Measure the database of this environment, seeding it first where it is empty."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("--clients", type=int, default=1_000_000)
    parser.add_argument("--salons", type=int, default=400)
    parser.add_argument("--largest", type=int, nargs=2, default=[100_000, 50_000], metavar="CLIENTS")
    parser.add_argument("--booked", type=int, nargs="+", default=[30_000, 300_000], metavar="ITEMS")
    parser.add_argument("--small", action="store_true", help="a tenth of everything")
    parser.add_argument("--explain", action="store_true", help="print how long the database takes for each search")
    options = parser.parse_args()
    if options.small:
        options.clients //= 10
        options.salons //= 10
        options.largest = [size // 10 for size in options.largest]
        options.booked = [options.booked[0], *(items // 10 for items in options.booked[1:])]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salon.settings")
    django.setup()
    _seed(options)
    figures = _search_figures(options.largest, explain=options.explain)
    from tests.bench.availability import availability_figures
    from tests.bench.booking import booking_figures
    from tests.bench.calendar import calendar_figures
    from tests.bench.exporting import export_figures
    from tests.bench.points import points_figures
    from tests.bench.selling import SLUG, simulator_figures

    with running_server() as base:
        figures += [*_page_figures(base, options.largest), *_api_figures(base)]
        figures += availability_figures(base, options.booked)
        figures += calendar_figures(base)
        figures += booking_figures(base)
    figures += export_figures("large-1", options.largest[0])
    figures += [*simulator_figures(), *points_figures(SLUG)]
    sys.exit(0 if print_table(figures) else 1)


def _seed(options: argparse.Namespace) -> None:
    from salon.tenancy.directory import find_salon

    os.environ["DEMO"] = "0"
    manage("prepare")
    if find_salon("large-1") is None:
        started = time.perf_counter()
        largest = [str(size) for size in options.largest]
        manage("seed_demo", "--salons", str(options.salons), "--clients", str(options.clients), "--largest", *largest)
        print(f"seeded {options.clients} clients in {time.perf_counter() - started:.0f} s")


def _search_figures(largest: list[int], *, explain: bool) -> list[Figure]:
    """Time the search alone, as `app` under row-level security."""
    from clients.queries import parse_query
    from salon.tenancy.context import salon_scope
    from salon.tenancy.directory import find_salon

    figures = []
    for index, size in enumerate(largest, 1):
        salon = find_salon(f"large-{index}")
        assert salon is not None
        with salon_scope(salon.pk):
            for kind, typed in (HARD | _keystrokes()).items():
                queries = [query for text in typed if (query := parse_query(text))]
                times = timed(partial(_find, queries), repeats=max(REPEATS, len(queries)))
                name = f"search statement, {kind}, {size:,} cards"
                figures.append(Figure(f"{name}, median", times.median, "ms", None, 1, "≤ 1 ms"))
                figures.append(Figure(f"{name}, p95", times.p95, "ms", None, 1, "≤ 1 ms"))
                if explain and kind in HARD:
                    for text, query in zip(typed, queries, strict=True):
                        _explain(f"{size:,} cards, {text!r}", query)
    return figures


def _keystrokes() -> dict[str, tuple[str, ...]]:
    """Return what stands in the search field after each key, as cards from all over the file are looked for: by their
    names in either order, by the last digits of their numbers."""
    from clients.models import Client

    cards = Client.objects.order_by("number")
    every = max(cards.count() // TYPED_CARDS, 1)
    names, digits = [], []
    for turn, card in enumerate(cards.filter(number__in=[every * nth + 1 for nth in range(TYPED_CARDS)])):
        words = [card.first_name, card.last_name]
        names.append(" ".join(words if turn % 2 else reversed(words)).lower())
        digits.append((card.mobile or card.landline)[-LAST_DIGITS:])
    return {
        kind: tuple(text[:end] for text in texts for end in range(LEAST_TYPED, len(text) + 1))
        for kind, texts in {"names key by key": names, "numbers key by key": digits}.items()
    }


def _explain(name: str, query: Query) -> None:
    """Print what the database says that each statement of a search takes, planning and executing."""
    from django.db import connection

    seen: list[tuple[str, Any]] = []

    def watch(execute: Callable[..., Any], sql: str, values: Any, many: bool, context: dict[str, Any]) -> Any:
        seen.append((sql, values))
        return execute(sql, values, many, context)

    with connection.execute_wrapper(watch):
        _find([query], 0)
    for sql, values in seen:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", values)
            plan = cursor.fetchone()[0][0]
        print(f"{name}: planning {plan['Planning Time']:.2f} ms, execution {plan['Execution Time']:.2f} ms")


def _find(queries: list[Query], turn: int) -> int:
    from clients.search import find

    return len(find(queries[turn % len(queries)], limit=9))


def _page_figures(base: str, largest: list[int]) -> list[Figure]:
    from tests.bench.visitors import empty_page, sign_in

    figures: list[Figure] = []
    for index, size in enumerate(largest, 1):
        figures += _figures_of_salon(base, f"large-{index}", size)
    visitors = [Visitor(base, {"Cookie": sign_in("large-1")}) for _ in range(CALLERS)]
    busy = together([partial(_get, one, empty_page("large-1")) for one in visitors])
    name = f"empty page, {CALLERS} visitors at once"
    figures += [Figure(name, busy.per_second, "/s"), Figure(f"{name}, p95", busy.p95, "ms")]
    return figures


def _api_figures(base: str) -> list[Figure]:
    """Let several programs call at once; nothing of what they make stays."""
    from salon.tenancy.context import salon_scope
    from salon.tenancy.directory import find_salon
    from tests.bench.inserting import forget_inserted, inserts, person
    from tests.bench.visitors import integration

    salon = find_salon("large-1")
    assert salon is not None
    callers = [Visitor(base, integration(salon.slug)) for _ in range(CALLERS)]
    read = together([partial(_get, one, "/api/v1/clients?limit=50") for one in callers])
    people = count()

    def create(caller: Visitor, _turn: int) -> int:
        return len(caller.post("/api/v1/clients", person(next(people))))

    made = together([partial(create, one) for one in callers])
    with inserts(salon, CALLERS) as writers:
        bare = together(writers)
    with salon_scope(salon.pk):
        forget_inserted()
    at_once = f"{CALLERS} programs at once"
    return [
        Figure(f"API, 50 clients read, {at_once}", read.per_second, "/s"),
        Figure(f"API, 50 clients read, {at_once}, p95", read.p95, "ms"),
        Figure(f"API, client made, {at_once}, against bare inserts", made.per_second, "/s", bare.per_second),
        Figure(f"API, client made, {at_once}, p95, against bare inserts", made.p95, "ms", bare.p95),
    ]


def _figures_of_salon(base: str, slug: str, size: int) -> list[Figure]:
    from tests.bench.visitors import empty_page, sign_in

    cookie, here = sign_in(slug), f"/s/{slug}"
    visitor = Visitor(base, {"Cookie": cookie})
    typing = Visitor(base, {"Cookie": cookie, "HX-Request": "true"})
    empty = timed(partial(_get, visitor, empty_page(slug)))
    figures = [Figure(f"empty page, {size:,} cards, p95", empty.p95, "ms")]
    for kind, typed in _looked_for(slug).items():
        paths = [f"{here}/search/?{urlencode({'q': text})}" for text in typed]
        times = timed(partial(_get, typing, *paths), repeats=max(REPEATS, len(paths)))
        figures.append(_against(f"search while typing, {kind}, {size:,} cards, p95", times, empty))
    lists = {f"by {sort}, {way}": f"sort={sort}&dir={way}" for sort in SORTS for way in ("asc", "desc")}
    for kind, query in {**lists, **_narrowed(slug)}.items():
        times = timed(partial(_get, visitor, f"{here}/clients/?{query}"), repeats=LIST_REPEATS)
        figures.append(_against(f"client list {kind}, page 1, {size:,} cards, p95", times, empty))
        deep, number = _deep_page(slug, query)
        times = timed(partial(_get, visitor, deep), repeats=LIST_REPEATS)
        figures.append(_against(f"client list {kind}, page {number}, {size:,} cards, p95", times, empty))
    return figures


def _looked_for(slug: str) -> dict[str, tuple[str, ...]]:
    from salon.tenancy.context import salon_scope
    from salon.tenancy.directory import find_salon

    salon = find_salon(slug)
    assert salon is not None
    with salon_scope(salon.pk):
        return HARD | _keystrokes()


def _narrowed(slug: str) -> dict[str, str]:
    """Return what the list is narrowed by: the smallest and the largest category among others."""
    from clients.categories import counted_categories
    from salon.tenancy.context import salon_scope
    from salon.tenancy.directory import find_salon

    salon = find_salon(slug)
    assert salon is not None
    with salon_scope(salon.pk):
        counted = sorted((one.clients, one.category.pk) for one in counted_categories() if one.clients)
    found = {
        "of status NEW": "status=NEW",
        "of status NEW by last visit": "status=NEW&sort=last_visit",
        "of last visit 90 days ago": "last_visit=ago&days=90",
        "of blocked clients": "blocked=yes",
        "of four filters": "status=NEW&birthday=5&consent=yes&treatcard=yes",
    }
    for word, one in (("rare", counted[:1]), ("common", counted[-1:])):
        for clients, category in one:
            found[f"of a {word} category ({clients:,})"] = f"category={category}"
            found[f"of a {word} category ({clients:,}) by visits"] = f"category={category}&sort=visits"
    return found


def _get(visitor: Visitor, *paths_and_turn: object) -> int:
    *paths, turn = paths_and_turn
    return len(visitor.get(str(paths[int(str(turn)) % len(paths)])))


def _against(name: str, times: Times, floor: Times) -> Figure:
    return Figure(name, times.p95, "ms", floor.p95, 2, "≤ 2 × empty page")


def _deep_page(slug: str, query: str) -> tuple[str, int]:
    """Walk to page 500 by cursors of the list itself, as far as there are pages; return it and its number."""
    from django.http import QueryDict
    from django.utils import timezone

    from clients.listing import list_clients
    from clients.web.list_query import list_query
    from salon.tenancy.context import salon_scope
    from salon.tenancy.directory import find_salon

    salon = find_salon(slug)
    assert salon is not None
    asked = list_query(QueryDict(query), today=salon.date_at(timezone.now()))
    cursor, number = None, 1
    with salon_scope(salon.pk):
        while number < DEEP:
            page = list_clients(
                sort=asked.sort, reverse=asked.reverse, cursor=cursor, meeting=asked.along, among=asked.among
            )
            if page.next is None:
                break
            cursor, number = page.next, number + 1
    return f"/s/{slug}/clients/?{query}" + (f"&page={cursor}" if cursor else ""), number


if __name__ == "__main__":
    main()
