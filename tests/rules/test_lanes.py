"""Which blocks of a column stand side by side."""

from hypothesis import given
from hypothesis import strategies as st

from bookings.lanes import Lane, lanes

stretches = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 12)).map(lambda one: (one[0], one[0] + one[1])), max_size=12
)


def test_alone_is_the_whole_width() -> None:
    assert lanes([]) == []
    assert lanes([(0, 6), (6, 12)]) == [Lane(0, 1), Lane(0, 1)]


def test_those_that_meet_share_it_also_through_others() -> None:
    assert lanes([(0, 6), (3, 9), (6, 12), (12, 15)]) == [Lane(0, 2), Lane(1, 2), Lane(0, 2), Lane(0, 1)]


def test_the_order_of_what_is_given_is_kept() -> None:
    assert lanes([(3, 9), (0, 6)]) == [Lane(1, 2), Lane(0, 2)]


@given(stretches)
def test_no_two_in_one_lane_overlap(given_stretches: list[tuple[int, int]]) -> None:
    found = lanes(given_stretches)
    assert all(0 <= lane.number < lane.of for lane in found)
    for one, lane in enumerate(found):
        for other in range(one):
            meets = (
                given_stretches[one][0] < given_stretches[other][1]
                and given_stretches[other][0] < given_stretches[one][1]
            )
            if meets:
                assert lane.of == found[other].of
                assert lane.number != found[other].number
