"""Timing requests to a running server and statements of the database."""

import http.client
import json
import statistics
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle
from urllib.parse import urlsplit

REPEATS = 400


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of many runs of one thing."""

    median: float
    p95: float
    per_second: float
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: what was seen against its floor, and how far it may be from it."""

    name: str
    seen: float
    unit: str
    floor: float | None = None
    goal: float | None = None
    goal_text: str = ""

    @property
    def ratio(self) -> float:
        """How many times the floor it took, or the figure itself where there is no floor."""
        return self.seen / self.floor if self.floor else self.seen

    @property
    def reached(self) -> bool:
        """Whether the goal is met, as it is where there is none."""
        return self.goal is None or self.ratio <= self.goal

    @property
    def verdict(self) -> str:
        """What the table says of it, nothing where there is no goal."""
        if self.goal is None:
            return ""
        return "reached" if self.reached else "MISSED"


# The system deals connections out to the server's processes, and one may get all that a few visitors have.
CONNECTIONS = 4


class Visitor:
    """A signed-in browser, or a program: on several keep-alive connections in turn, as both have them."""

    def __init__(self, base: str, headers: dict[str, str]) -> None:
        parts = urlsplit(base)
        connections = [
            http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60) for _ in range(CONNECTIONS)
        ]
        self._connections = cycle(connections)
        self.headers = headers

    def get(self, path: str) -> bytes:
        """Return the body of a page, which must be there."""
        return self._call("GET", path, None, 200)

    def post(self, path: str, entered: object) -> bytes:
        """Return the answer to a call of the API that makes something."""
        return self._call("POST", path, json.dumps(entered), 201)

    def tag(self, path: str) -> str:
        """Return the ETag that a page comes with."""
        connection = next(self._connections)
        connection.request("GET", path, headers=self.headers)
        response = connection.getresponse()
        response.read()
        return response.headers["ETag"]

    def unchanged(self, path: str) -> int:
        """Ask for a page that is still as the headers of this visitor say."""
        return len(self._call("GET", path, None, 304))

    def _call(self, method: str, path: str, body: str | None, expected: int) -> bytes:
        headers = self.headers | ({"Content-Type": "application/json"} if body else {})
        connection = next(self._connections)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        answer = response.read()
        if response.status != expected:
            raise RuntimeError(f"{path}: {response.status} {answer[:500]!r}")
        return answer


def timed(run: Callable[[int], int], *, repeats: int = REPEATS) -> Times:
    """Time one thing many times in a row, after a warm-up; `run` returns the bytes it got."""
    for index in range(repeats // 10):
        run(index)
    seconds: list[float] = []
    size = 0
    started = time.perf_counter()
    for index in range(repeats):
        begin = time.perf_counter()
        size = run(index)
        seconds.append(time.perf_counter() - begin)
    return _times(seconds, time.perf_counter() - started, size)


def together(runs: Iterable[Callable[[int], int]], *, repeats: int = REPEATS) -> Times:
    """Time several visitors at once, each doing its thing in a row."""

    def one(run: Callable[[int], int]) -> list[float]:
        seconds = []
        for index in range(repeats):
            begin = time.perf_counter()
            run(index)
            seconds.append(time.perf_counter() - begin)
        return seconds

    started = time.perf_counter()
    with ThreadPoolExecutor(64) as pool:
        seconds = [second for part in pool.map(one, runs) for second in part]
    return _times(seconds, time.perf_counter() - started, 0)


def _times(seconds: list[float], elapsed: float, size: int) -> Times:
    cuts = statistics.quantiles(seconds, n=20)
    return Times(statistics.median(seconds) * 1000, cuts[18] * 1000, len(seconds) / elapsed, size)


def print_table(figures: list[Figure]) -> bool:
    """Print the figures; return whether every goal is met."""
    rows = [("figure", "seen", "floor", "ratio", "goal", "")]
    for one in figures:
        floor = f"{one.floor:.2f} {one.unit}" if one.floor else ""
        ratio = f"{one.ratio:.2f}" if one.floor else ""
        rows.append((one.name, f"{one.seen:.2f} {one.unit}", floor, ratio, one.goal_text, one.verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return all(one.reached for one in figures)
