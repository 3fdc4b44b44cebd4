"""Reading and writing side by side: what is read waits for the database while what is there already is written."""

import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Condition

# How long one of two threads has to wait at most until the other lets it go on, in seconds. An answer of the database
# comes in many pieces, and each would wait Python's usual five milliseconds for the writer.
TURN = 0.002


def write_while_reading[T](source: Iterable[T], write: Callable[[Iterator[T]], None]) -> None:
    """Call `write`, in a thread of its own, with what `source` yields in this one.

    It is one item ahead and no further: while one is written, the next is read. The database, its transactions and
    whatever interrupts a worker belong to this thread alone; the writer has neither them nor the caller's language.
    Raises: whatever the source raises, after the writer has ended without the rest; whatever the writer raises.
    """
    hand: _Hand[T] = _Hand()
    with _quick_turns(), ThreadPoolExecutor(max_workers=1) as pool:
        writing = pool.submit(write, hand.taken())
        # Nobody waits for a writer that has ended, however it did.
        writing.add_done_callback(lambda _writing: hand.let_go())
        try:
            hand.give_all(source)
            writing.result()
        except BaseException:
            hand.let_go()
            raise


class _LetGo(Exception):
    """The other thread has ended."""


class _Hand[T]:
    """What passes from one thread to another, one item at a time."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._held: list[T | None] = []
        self._let_go = False

    def give_all(self, items: Iterable[T]) -> None:
        """Give one after the other, each once the one before is taken, and then the end of them."""
        try:
            for item in items:
                self._give(item)
            self._give(None)
        except _LetGo:
            # Why the writer has ended, its result says.
            return

    def taken(self) -> Iterator[T]:
        """Yield what is given until the end.

        Raises: _LetGo when there is no end to come.
        """
        while (item := self._take()) is not None:
            yield item

    def let_go(self) -> None:
        """End the waiting of both."""
        with self._changed:
            self._let_go = True
            self._changed.notify_all()

    def _give(self, item: T | None) -> None:
        with self._changed:
            self._held.append(item)
            self._changed.notify_all()
            self._wait(lambda: not self._held)

    def _take(self) -> T | None:
        with self._changed:
            self._wait(lambda: bool(self._held))
            self._changed.notify_all()
            return self._held.pop()

    def _wait(self, is_over: Callable[[], bool]) -> None:
        self._changed.wait_for(lambda: self._let_go or is_over())
        if self._let_go:
            raise _LetGo


@contextmanager
def _quick_turns() -> Iterator[None]:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
