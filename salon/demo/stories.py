"""The clients that the stories of the domain tell of (domain.md §11)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from bookings.states import State
from clients.classification import CreatedVia, Reason
from clients.details import YES, ClientDetails, Gender
from salon.demo.habits import Habit
from salon.demo.lives import Fixed, Life
from salon.demo.people import NoteToBe, Person

_FRANK = (
    ("Facial", 392),
    ("Facial", 346),
    ("Brauen zupfen", 301),
    ("Facial", 258),
    ("Facial", 214),
    ("Pflegekur", 170),
    ("Facial", 125),
    ("Facial", 78),
    ("Facial", 33),
)
_FRANK_BOUGHT = 125


def known_lives(today: date) -> Iterator[Life]:
    """Yield the clients of the stories."""
    for life in _lives(today):
        yield replace(life, is_known=True)


def _lives(today: date) -> Iterator[Life]:
    yield Life(
        Person(
            ClientDetails(
                "Frank", "Hofmann", Gender.MALE, "1979-09-14", "+491712345678", "", "frank.hofmann@mail.example"
            ),
            today - timedelta(days=400),
            CreatedVia.STAFF,
            treatcard_number="TC35000014",
            # 69 + 19 + 69 + 69 + 69 points for services, 55 for a Haaröl: 350, what a Nassrasur takes.
            treatcard_from=4,
            email_consent=True,
            categories=("Stammkunden", "Barber"),
            notes=(NoteToBe("Mag ein Glas Wasser zum Facial.", "Anna Krüger"),),
        ),
        fixed=tuple(
            Fixed(days, (service,), "Anna", bought=("Haaröl",) if days == _FRANK_BOUGHT else ())
            for service, days in _FRANK
        ),
    )
    yield Life(
        Person(
            ClientDetails("Sarah", "Smith", Gender.FEMALE, "", "+491605550142", "", "sarahsmith@gmail.com"),
            today - timedelta(days=500),
            CreatedVia.ONLINE_BOOKING,
        ),
        fixed=tuple(Fixed(days, ("Waschen-Schneiden-Föhnen",), "Carla") for days in (497, 425, 350, 277, 205, 133, 61)),
        met_as=Reason.NOT_LISTED,
    )
    yield from _at_the_boundary(today)
    yield from _about_to_lapse(today)
    yield from _twice_on_file(today)
    yield Life(
        Person(
            ClientDetails(
                "Bianca",
                "Barmann",
                Gender.FEMALE,
                mobile="+491725550199",
                blocked=YES,
                blocked_reason="Dreimal nicht erschienen",
            ),
            today - timedelta(days=240),
            CreatedVia.ONLINE_BOOKING,
            categories=("Neukunden",),
        ),
        fixed=tuple(Fixed(days, ("Shellac",), "Dilara", State.NO_SHOW) for days in (233, 190, 131)),
        met_as=Reason.NOT_LISTED,
    )


def _at_the_boundary(today: date) -> Iterator[Life]:
    """The last visit exactly so long ago that one day decides."""
    listed = today - timedelta(days=3 * 365)
    for days, first in ((364, "Greta"), (365, "Gustav"), (366, "Gesine")):
        yield Life(
            Person(
                ClientDetails(first, "Grenze", email=f"grenze{days}@mail.example"),
                listed,
                CreatedVia.IMPORT,
                carried_first_visit_on=listed,
                carried_last_visit_on=today - timedelta(days=560),
                carried_visits=9,
                services=(("Föhnen", 9),),
            ),
            fixed=(
                Fixed(days + 150, ("Föhnen",), "Anna"),
                Fixed(days + 75, ("Föhnen",), "Anna"),
                Fixed(days, ("Föhnen",), "Anna", exactly=True),
            ),
        )


def _about_to_lapse(today: date) -> Iterator[Life]:
    """Colour clients who have not come for nearly a year: whom a campaign is for. One of them has not agreed to it."""
    for first, last, days, agreed in (
        ("Heike", "Sommer", 341, True),
        ("Nadine", "Vogel", 346, True),
        ("Sabine", "Lehmann", 350, False),
        ("Ulrike", "Brandt", 354, True),
    ):
        yield Life(
            Person(
                ClientDetails(first, last, Gender.FEMALE, email=f"{first}.{last}@mail.example".lower()),
                today - timedelta(days=530),
                CreatedVia.STAFF,
                email_consent=agreed,
                categories=("Farbkundin",),
            ),
            fixed=tuple(Fixed(days + ago, ("Ansatzfarbe",), "Anna") for ago in (140, 70, 0)),
        )


def _twice_on_file(today: date) -> Iterator[Life]:
    """People whom somebody entered a second time: by phone, by e-mail, by name and birthday."""
    before, lately = today - timedelta(days=700), today - timedelta(days=40)
    petra = ClientDetails("Petra", "Lang", Gender.FEMALE, "1984-05-04", "+491715550318", "", "petra.lang@mail.example")
    jonas = ClientDetails("Jonas", "Öztürk", Gender.MALE, "", "", "", "jonas.oeztuerk@mail.example")
    ines = ClientDetails("Ines", "Großmann", Gender.FEMALE, "1991-02-17", "+491765550007")
    old = Person(
        petra,
        before,
        CreatedVia.IMPORT,
        carried_first_visit_on=before,
        carried_last_visit_on=today - timedelta(days=570),
        carried_visits=4,
    )
    comes_from = today - timedelta(days=530)
    yield Life(
        replace(old, treatcard_number="TC00000318", opening_points=512, points=512, categories=("VIP", "Farbkundin")),
        (Habit(("Ansatzfarbe", "Waschen-Schneiden-Föhnen"), 42, "Anna", 10 * 60 + 15, strictly=True),),
        comes_from,
        today - timedelta(days=38),
        # Today somebody else is served while her colour takes effect.
        fixed=(Fixed(0, ("Ansatzfarbe", "Föhnen"), "Anna", state=None, around=10 * 60 + 15),),
    )
    yield Life(
        Person(
            ClientDetails("Petra", "Lang-Vogt", mobile="+491715550318", email="petra@lang-vogt.example"),
            lately,
            CreatedVia.ONLINE_BOOKING,
        ),
        fixed=(Fixed(36, ("Maniküre",), "Dilara"),),
        met_as=Reason.EMAIL_DIFFERS,
    )
    yield Life(
        replace(old, details=jonas),
        (Habit(("Herrenschnitt",), 28, "Bora", 11 * 60),),
        comes_from,
        today - timedelta(days=70),
    )
    yield Life(
        Person(jonas.with_changes(last_name="Oeztuerk", mobile="+491605550066"), lately, CreatedVia.STAFF),
        (Habit(("Herrenschnitt",), 28, "Bora", 11 * 60),),
        today - timedelta(days=38),
    )
    yield Life(
        replace(old, details=ines),
        (Habit(("Waschen-Schneiden-Föhnen",), 49, "Carla", 14 * 60),),
        comes_from,
        today - timedelta(days=70),
    )
    yield Life(
        Person(
            ines.with_changes(last_name="Grossmann", mobile="", email="ines@mail.example"), lately, CreatedVia.STAFF
        ),
        fixed=(Fixed(34, ("Waschen-Schneiden-Föhnen",), "Carla"),),
    )
