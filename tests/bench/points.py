"""Points booked by eight writers at once, on one account and on a thousand, against a bare UPDATE … RETURNING.

Each writer is a process of its own, as workers are; all begin together.
"""

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING
from uuid import UUID

import django

if TYPE_CHECKING:
    from tests.bench.measuring import Figure

type Write = Callable[[UUID, list[UUID], float], int]

WRITERS = 8
SECONDS = 4.0
ROUNDS = 3
_BARE = b"UPDATE clients_client SET points = points + 1 WHERE salon_id = %s AND id = %s RETURNING points"


def points_figures(slug: str) -> "list[Figure]":
    """Measure both, turn and turn about, on cards of a salon that is there for that alone."""
    from clients.models import Client
    from salon.tenancy.context import salon_scope
    from salon.tenancy.directory import find_salon
    from tests.bench.measuring import Figure

    salon = find_salon(slug)
    assert salon is not None
    with salon_scope(salon.pk):
        cards = list(Client.objects.listed().order_by("pk").values_list("pk", flat=True)[:2002])
    figures = []
    with ProcessPoolExecutor(WRITERS, mp_context=get_context("spawn"), initializer=_begin) as writers:
        # The bare ones have cards of their own: no entry says what they do to a balance.
        for name, accounts, others in (
            ("one hot account", cards[:1], cards[1:2]),
            ("1,000 accounts", cards[2:1002], cards[1002:]),
        ):
            posted, bare = [], []
            for _ in range(ROUNDS):
                posted.append(_per_second(writers, _post, salon.pk, accounts))
                bare.append(_per_second(writers, _update, salon.pk, others))
            figures += [
                Figure(f"points posted, {WRITERS} writers, {name}", max(posted), "/s"),
                Figure(
                    f"bare UPDATE … RETURNING for each posting, {WRITERS} writers, {name}",
                    max(bare) / max(posted),
                    "×",
                    None,
                    2.5,
                    "≥ 0.4 of bare",
                ),
            ]
    return figures


def _per_second(writers: ProcessPoolExecutor, write: Write, salon_id: UUID, accounts: Sequence[UUID]) -> float:
    begin = time.time() + 1.5
    shares = [(write, salon_id, [*accounts[place:], *accounts[:place]], begin) for place in range(WRITERS)]
    return sum(writers.map(_write, shares)) / SECONDS


def _begin() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salon.settings")
    django.setup()


def _write(share: tuple[Write, UUID, list[UUID], float]) -> int:
    write, salon_id, accounts, begin = share
    return write(salon_id, accounts, begin)


def _post(salon_id: UUID, accounts: list[UUID], begin: float) -> int:
    from django.utils import timezone

    from clients.models import Cause, Client
    from clients.points import post
    from salon.identity.roles import system_actor
    from salon.tenancy.context import salon_scope
    from salon.tenancy.models import new_id

    actor, done = system_actor("Bench"), 0
    with salon_scope(salon_id):
        cards = [Client(id=one, salon_id=salon_id) for one in accounts]
    time.sleep(max(0.0, begin - time.time()))
    while time.time() < begin + SECONDS:
        with salon_scope(salon_id):
            post(
                client=cards[done % len(cards)],
                points=1 if done % 2 else -1,
                cause=Cause.ADJUSTED,
                cause_id=new_id(),
                actor=actor,
                now=timezone.now(),
                reason="Messwert",
            )
        done += 1
    return done


def _update(salon_id: UUID, accounts: list[UUID], begin: float) -> int:
    import psycopg

    from salon import environment

    done = 0
    with psycopg.connect(environment.text("DATABASE_URL"), autocommit=True, prepare_threshold=1) as direct:
        direct.execute("SELECT set_config('app.salon_id', %s, false)", [str(salon_id)])
        time.sleep(max(0.0, begin - time.time()))
        while time.time() < begin + SECONDS:
            direct.execute(_BARE, [salon_id, accounts[done % len(accounts)]]).fetchone()
            done += 1
    return done
