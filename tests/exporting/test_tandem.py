"""While one batch is written, the next is read (architecture.md §4)."""

import sys
from collections.abc import Iterator
from itertools import count
from threading import Event, get_ident

import pytest

from salon.desk.tandem import write_while_reading

# What happens at all happens at once; only a test that fails waits so long.
PATIENCE = 5


def test_all_of_it_is_written_in_order() -> None:
    written: list[int] = []
    write_while_reading(range(100), written.extend)
    assert written == list(range(100))


def test_a_writer_need_not_take_all() -> None:
    written: list[int] = []
    write_while_reading(range(100), lambda items: written.append(next(items)))
    assert written == [0]


def test_the_next_is_read_while_one_is_written_and_none_behind_it() -> None:
    read = [Event(), Event(), Event()]
    seen: list[tuple[bool, bool]] = []

    def source() -> Iterator[int]:
        for number, event in enumerate(read):
            event.set()
            yield number

    def write(items: Iterator[int]) -> None:
        next(items)
        seen.append((read[1].wait(PATIENCE), read[2].wait(0.05)))
        list(items)

    write_while_reading(source(), write)
    assert seen == [(True, False)]


def test_the_source_stays_in_the_thread_of_the_caller() -> None:
    threads: dict[str, int] = {}

    def source() -> Iterator[int]:
        threads["source"] = get_ident()
        yield 1

    def write(items: Iterator[int]) -> None:
        threads["writer"] = get_ident()
        list(items)

    write_while_reading(source(), write)
    assert threads["source"] == get_ident() != threads["writer"]


def test_a_writer_that_fails_ends_the_reading() -> None:
    read: list[int] = []

    def source() -> Iterator[int]:
        for number in count():
            read.append(number)
            yield number

    def write(items: Iterator[int]) -> None:
        next(items)
        raise OSError(28, "no room")

    with pytest.raises(OSError, match="no room"):
        write_while_reading(source(), write)
    assert len(read) <= 3


def test_a_source_that_fails_lets_no_writer_end_well() -> None:
    ended: list[str] = []

    def source() -> Iterator[int]:
        yield 1
        raise LookupError("claim lost")

    def write(items: Iterator[int]) -> None:
        list(items)
        ended.append("well")

    with pytest.raises(LookupError, match="claim lost"):
        write_while_reading(source(), write)
    assert ended == []


def test_threads_take_turns_as_before_when_it_is_over() -> None:
    usual = sys.getswitchinterval()
    turns: list[float] = []

    def write(items: Iterator[int]) -> None:
        turns.append(sys.getswitchinterval())
        list(items)

    write_while_reading([1], write)
    assert turns[0] < usual == sys.getswitchinterval()
