"""Who may redeem what: every case of the matrix as a table (domain.md §7.1)."""

from itertools import product
from uuid import UUID

import pytest

from loyalty.eligibility import Had, Holder, Matrix, Refusal, Terms, refusals

ARCHIVED, NO_CARD, POINTS, HAD = (
    Refusal.REWARD_ARCHIVED,
    Refusal.NO_TREATCARD,
    Refusal.NOT_ENOUGH_POINTS,
    Refusal.ALREADY_HAD,
)
FIRST, ANY = Matrix.FIRST_TIME, Matrix.ANYTIME
FACIAL, SHAVE, OIL = UUID(int=1), UUID(int=2), UUID(int=3)


@pytest.mark.parametrize(
    ("matrix", "had", "exempt", "expected"),
    [
        (FIRST, False, False, ()),
        (FIRST, False, True, ()),
        (FIRST, True, False, (HAD,)),
        (FIRST, True, True, ()),
        (ANY, False, False, ()),
        (ANY, False, True, ()),
        (ANY, True, False, ()),
        (ANY, True, True, ()),
    ],
)
def test_the_matrix(matrix: Matrix, had: bool, exempt: bool, expected: tuple[Refusal, ...]) -> None:
    holder = Holder(has_treatcard=True, points=350, exempt=exempt)
    assert refusals(terms=Terms(350, matrix), holder=holder, had=had) == expected


@pytest.mark.parametrize(
    ("points", "expected"), [(350, ()), (351, ()), (349, (POINTS,)), (0, (POINTS,)), (-5, (POINTS,))]
)
def test_exactly_enough_is_enough(points: int, expected: tuple[Refusal, ...]) -> None:
    assert refusals(terms=Terms(350, FIRST), holder=Holder(True, points), had=False) == expected


def test_exempt_from_the_matrix_is_not_exempt_from_the_points() -> None:
    assert refusals(terms=Terms(350, FIRST), holder=Holder(True, 349, exempt=True), had=True) == (POINTS,)


def test_every_reason_is_told_at_once_and_in_one_order() -> None:
    for given, card, enough, had in product((True, False), repeat=4):
        holder = Holder(has_treatcard=card, points=10 if enough else 9)
        reasons = refusals(terms=Terms(10, FIRST, given=given), holder=holder, had=had)
        wanted = ((ARCHIVED, not given), (NO_CARD, not card), (HAD, had), (POINTS, not enough))
        assert reasons == tuple(reason for reason, holds in wanted if holds)


def test_what_somebody_had_adds_up() -> None:
    had = Had.of([(FACIAL, None), (None, OIL)]) | Had(services=frozenset({SHAVE}))
    assert (FACIAL in had, SHAVE in had, OIL in had, UUID(int=4) in had) == (True, True, True, False)
    assert (had.services, had.products) == (frozenset({FACIAL, SHAVE}), frozenset({OIL}))
