"""`make bench`: seed once, measure, print the table, fail where a goal is missed."""

from __future__ import annotations

import argparse
import os
import sys
import time
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import django

from tests.bench.measuring import Figure, Times, Visitor, print_table, timed, together
from tests.serving import manage, running_server

if TYPE_CHECKING:
    from clients.search import Query

TYPED = ("m", "mu", "mul", "mull", "anna", "anna mul", "sch", "berlin", "becker-w", "lena schaf", "hofm", "yil")
DIGITS = ("0171 234", "3456", "5550318", "+49160", "4711", "0176 99", "98765", "030 44")


def main() -> None:
    """Measure the database of this environment, seeding it first where it is empty."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("--clients", type=int, default=1_000_000)
    parser.add_argument("--salons", type=int, default=400)
    parser.add_argument("--largest", type=int, nargs=2, default=[100_000, 50_000], metavar="CLIENTS")
    parser.add_argument("--small", action="store_true", help="a tenth of everything")
    parser.add_argument("--explain", action="store_true", help="print the search's plan")
    options = parser.parse_args()
    if options.small:
        options.clients //= 10
        options.salons //= 10
        options.largest = [size // 10 for size in options.largest]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salon.settings")
    django.setup()
    _seed(options)
    figures = [*_search_figures(options.largest, explain=options.explain), *_page_figures(options.largest)]
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
    """Time the search's statement alone, as `app` under row-level security."""
    from django.db import connection

    from clients.search import parse_query, statement
    from salon.tenancy.context import salon_scope
    from salon.tenancy.directory import find_salon

    figures = []
    for index, size in enumerate(largest, 1):
        salon = find_salon(f"large-{index}")
        assert salon is not None
        with salon_scope(salon.pk):
            for kind, typed in (("words", TYPED), ("phone digits", DIGITS)):
                queries = [query for text in typed if (query := parse_query(text))]

                times = timed(partial(_find, queries))
                name = f"search statement, {kind}, {size:,} cards"
                figures.append(Figure(f"{name}, median", times.median, "ms", None, 1, "≤ 1 ms"))
            if explain:
                query = parse_query("mul")
                assert query is not None
                sql, values = statement(query, limit=9)
                with connection.cursor() as cursor:
                    cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {sql}", values)
                    print("\n".join(row[0] for row in cursor.fetchall()))
    return figures


def _find(queries: list[Query], turn: int) -> int:
    from clients.search import find

    return len(find(queries[turn % len(queries)], limit=9))


def _page_figures(largest: list[int]) -> list[Figure]:
    from tests.bench.visitors import sign_in

    figures: list[Figure] = []
    with running_server() as base:
        for index, size in enumerate(largest, 1):
            figures += _figures_of_salon(base, f"large-{index}", size)
        visitors = [Visitor(base, {"Cookie": sign_in("large-1")}) for _ in range(8)]
        busy = together([partial(_get, one, "/s/large-1/calendar/") for one in visitors])
        print(f"empty page, 8 visitors at once: {busy.per_second:.0f} pages/s, p95 {busy.p95:.1f} ms")
    return figures


def _figures_of_salon(base: str, slug: str, size: int) -> list[Figure]:
    from tests.bench.visitors import sign_in

    cookie, here = sign_in(slug), f"/s/{slug}"
    visitor = Visitor(base, {"Cookie": cookie})
    typing = Visitor(base, {"Cookie": cookie, "HX-Request": "true"})
    empty = timed(partial(_get, visitor, f"{here}/calendar/"))
    figures = [Figure(f"empty page, {size:,} cards, p95", empty.p95, "ms", None, 1000, "")]
    for kind, typed in (("words", TYPED), ("phone digits", DIGITS)):
        paths = [f"{here}/search/?{urlencode({'q': text})}" for text in typed]
        times = timed(partial(_get, typing, *paths))
        figures.append(_against(f"search while typing, {kind}, {size:,} cards, p95", times, empty))
    for sort in ("name", "number", "listed_on"):
        times = timed(partial(_get, visitor, f"{here}/clients/?sort={sort}"))
        figures.append(_against(f"client list by {sort}, page 1, {size:,} cards, p95", times, empty))
        times = timed(partial(_get, visitor, _deep_page(slug, sort)))
        figures.append(_against(f"client list by {sort}, page 500, {size:,} cards, p95", times, empty))
    return figures


def _get(visitor: Visitor, *paths_and_turn: object) -> int:
    *paths, turn = paths_and_turn
    return len(visitor.get(str(paths[int(str(turn)) % len(paths)])))


def _against(name: str, times: Times, floor: Times) -> Figure:
    return Figure(name, times.p95, "ms", floor.p95, 2, "≤ 2 × empty page")


def _deep_page(slug: str, sort: str) -> str:
    """Walk to page 500 by cursors of the list itself, as far as there are pages."""
    from clients.listing import Sort, list_clients
    from salon.tenancy.context import salon_scope
    from salon.tenancy.directory import find_salon

    salon = find_salon(slug)
    assert salon is not None
    cursor: str | None = None
    with salon_scope(salon.pk):
        for _ in range(499):
            following = list_clients(sort=Sort(sort), cursor=cursor).next
            if following is None:
                break
            cursor = following
    return f"/s/{slug}/clients/?sort={sort}&page={cursor}"


if __name__ == "__main__":
    main()
