"""Several threads at one moment, each on a connection of its own."""

from collections.abc import Callable, Sequence
from threading import Barrier, Thread

from django.db import connection

from salon.errors import DomainError


def race(*actions: Callable[[], object]) -> Sequence[object]:
    """Start all actions together and return what each returned, or the DomainError it raised."""
    barrier = Barrier(len(actions))
    outcomes: list[object] = [None] * len(actions)

    def run(place: int) -> None:
        # The connection first: making it takes longer than what is to collide.
        connection.ensure_connection()
        barrier.wait(timeout=20)
        try:
            outcomes[place] = actions[place]()
        except DomainError as refusal:
            outcomes[place] = refusal
        finally:
            connection.close()

    threads = [Thread(target=run, args=[place]) for place in range(len(actions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in threads)
    return outcomes
