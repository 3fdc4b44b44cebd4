"""Eighteen months of appointments: what they say of the clients, and that they could have been booked."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import F

from bookings import visits
from bookings.bounds import Bounds
from bookings.busy import busy_periods
from bookings.hours import Misfit, presence, why_not
from bookings.models import Appointment, AppointmentItem, WaitingEntry
from bookings.slots import Wish, find_slots
from bookings.states import TAKING_TIME, Source, State
from clients import standing
from clients.classification import CreatedVia, Facts, classify
from clients.models import Client
from salon.audit.models import AuditEntry
from salon.catalogue.models import Absence, AbsenceKind, Service, StaffMember
from salon.tenancy import directory
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW

TODAY = date(2026, 11, 21)
BERLIN = ZoneInfo("Europe/Berlin")


def _local(moment: datetime) -> date:
    return moment.astimezone(BERLIN).date()


def _on(day: date) -> list[Appointment]:
    midnight = datetime(day.year, day.month, day.day, tzinfo=BERLIN)
    return list(
        Appointment.objects.filter(starts_at__gte=midnight, starts_at__lt=midnight + timedelta(days=1)).order_by(
            "starts_at"
        )
    )


def test_the_cards_say_what_the_appointments_say(demo: Salon) -> None:
    counted = visits.miscounted(after=None, limit=1000)
    assert (counted.read, counted.cards) == (400, {})
    carried = Client.objects.exclude(carried_visits=0)
    assert {card.created_via for card in carried} == {CreatedVia.IMPORT}
    assert 150 < carried.count() < 320
    assert not carried.filter(carried_last_visit_on__gte=TODAY - timedelta(weeks=78)).exists()


def test_no_verdict_drifts(demo: Salon) -> None:
    assert standing.drifted(today=TODAY, after=None, limit=1000).drifted == []


def test_nobody_is_double_booked(demo: Salon) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT lower(taken) AS begins, max(upper(taken)) OVER (PARTITION BY staff_id "
            "ORDER BY lower(taken) ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until "
            "FROM bookings_appointmentitem, unnest(busy) AS taken WHERE active) AS one WHERE begins < until"
        )
        assert cursor.fetchone()[0] == 0
        cursor.execute("SELECT count(*) FROM bookings_appointmentitem WHERE active")
        assert cursor.fetchone()[0] > 8000


def test_items_follow_each_other_as_their_services_say(demo: Salon) -> None:
    items = list(AppointmentItem.objects.select_related("appointment", "service").order_by("appointment", "position"))
    by_appointment = defaultdict(list)
    for item in items:
        by_appointment[item.appointment_id].append(item)
        assert item.ends_at - item.starts_at == timedelta(minutes=item.service.duration_minutes)
        assert item.active == (item.appointment.state in TAKING_TIME)
        assert item.list_price == item.service.price
        assert item.price == (0 if item.redemption_id else item.list_price)
        assert [(one.lower, one.upper) for one in item.busy] == [
            (one.starts_at, one.ends_at) for one in busy_periods(item.starts_at, item.minutes)
        ]
    assert len(by_appointment) == Appointment.objects.count()
    for own in by_appointment.values():
        appointment = own[0].appointment
        assert [item.position for item in own] == list(range(len(own)))
        assert own[0].starts_at == appointment.starts_at
        assert own[-1].ends_at == appointment.ends_at
        assert all(one.ends_at == other.starts_at for one, other in pairwise(own))


def test_people_work_in_their_hours_and_do_what_they_can(demo: Salon) -> None:
    items = list(AppointmentItem.objects.filter(active=True).select_related("service", "appointment__client"))
    taken = [(item.staff_id, [*busy_periods(item.starts_at, item.minutes)]) for item in items]
    odd = [(item, why) for item, why in zip(items, why_not(salon=demo, taken=taken), strict=True) if why]
    # The boundary is kept to the day, open or not; of her illness nobody knew.
    known = {Misfit.OUTSIDE_HOURS: "Grenze", Misfit.ABSENT: None}
    for item, why in odd:
        for reason in why:
            client = item.appointment.client
            assert reason == Misfit.ABSENT or (client and client.last_name == known[reason])
    able = {(staff.pk, skill.service_id) for staff in StaffMember.objects.all() for skill in staff.skills.all()}
    assert {(item.staff_id, item.service_id) for item in items} <= able


def test_the_processing_of_one_client_is_work_for_another(demo: Salon) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM bookings_appointmentitem one JOIN bookings_appointmentitem other "
            "ON one.staff_id = other.staff_id AND one.id <> other.id AND one.active AND other.active "
            "AND other.starts_at > one.starts_at AND other.ends_at < one.ends_at"
        )
        assert cursor.fetchone()[0] > 150


def test_every_verdict_was_right_when_it_was_frozen(demo: Salon) -> None:
    """As the cards were when each appointment was booked; who booked herself a card had none before."""
    been: defaultdict[object, list[Appointment]] = defaultdict(list)
    reasons: Counter[str] = Counter()
    for appointment in Appointment.objects.exclude(client=None).select_related("client").order_by("starts_at"):
        card = appointment.client
        assert card is not None
        reasons[appointment.client_status_reason] += 1
        first_online = card.created_via == CreatedVia.ONLINE_BOOKING and not been[card.pk]
        known = [one.visit_on for one in been[card.pk] if one.visit_on and one.ends_at <= appointment.created_at]
        known_first = min([*known, *filter(None, [card.carried_first_visit_on])], default=None)
        known_last = max([*known, *filter(None, [card.carried_last_visit_on])], default=None)
        facts = Facts(card.listed_on, CreatedVia(card.created_via), known_first, known_last)
        on = _local(appointment.created_at)
        verdict = classify(None if first_online else facts, on)
        assert appointment.client_status == verdict.status
        if first_online:
            assert appointment.source == Source.ONLINE
            assert appointment.client_evidence is None
            assert on == card.listed_on
            assert appointment.client_status_reason in {"NOT_LISTED", "EMAIL_DIFFERS"}
        else:
            assert appointment.client_status_reason == verdict.reason
            assert appointment.client_evidence is not None
            assert verdict.evidence is not None
            last = verdict.evidence.last_success_on
            assert appointment.client_evidence["last_success_on"] == (last.isoformat() if last else None)
        assert card.listed_on <= on
        assert appointment.created_at < appointment.starts_at
        been[card.pk].append(appointment)
    assert set(reasons) >= {"NOT_LISTED", "EMAIL_DIFFERS", "RECENT_VISIT", "LAPSED", "LISTED"}


def test_states_and_times_agree_with_the_clock(demo: Salon) -> None:
    states: Counter[str] = Counter()
    for one in Appointment.objects.all():
        states[one.state] += 1
        assert one.created_at <= NOW
        assert one.updated_at <= NOW
        assert (one.visit_on == _local(one.starts_at)) if one.state == State.COMPLETED else one.visit_on is None
        if one.state == State.BOOKED:
            assert one.starts_at > NOW
        if one.state in {State.COMPLETED, State.NO_SHOW}:
            assert one.ends_at <= NOW
        if one.state == State.ARRIVED:
            assert one.starts_at <= NOW + timedelta(minutes=15)
            assert one.ends_at > NOW
        if one.cancelled_at:
            assert one.created_at <= one.cancelled_at <= one.starts_at
    assert states[State.COMPLETED] > 7000
    assert states[State.NO_SHOW] > 100
    assert states[State.CANCELLED] > 250
    assert states[State.BOOKED] > 200
    assert Appointment.objects.filter(source=Source.ONLINE).count() > 1000


def test_today_is_a_good_day(demo: Salon) -> None:
    today = [one for one in _on(TODAY) if one.state != State.CANCELLED]
    states = Counter(one.state for one in today)
    assert 22 <= len(today) <= 45
    assert states[State.NO_SHOW] == 1
    assert states[State.ARRIVED] >= 1
    assert states[State.COMPLETED] >= 3
    assert states[State.BOOKED] >= 8
    assert sum(one.client_id is None for one in today) == 2
    weeks = [sum(len(_on(TODAY + timedelta(days=7 * week + day))) for day in range(1, 8)) for week in range(6)]
    assert weeks[0] > 90
    assert weeks[0] > weeks[1] > weeks[3] > weeks[5] > 0


def test_there_is_room_for_everything_in_the_next_sixty_working_days(demo: Salon) -> None:
    """Asked as a booking page would."""
    last = TODAY + timedelta(days=75)
    closed = presence([], TODAY, last, demo).closed
    days = [TODAY + timedelta(days=ahead) for ahead in range(1, 76)]
    working = [day for day in days if day.isoweekday() < 7 and day not in closed][:60]
    assert len(working) == 60
    services = {service.name: service.pk for service in Service.objects.all()}
    sequences = [*((name,) for name in services), ("Facial", "Nassrasur"), ("Ansatzfarbe", "Föhnen")]
    for sequence in sequences:
        wishes = [Wish(services[name]) for name in sequence]
        slots = find_slots(salon=demo, wishes=wishes, first=working[0], last=working[-1], now=NOW, bounds=Bounds.ONLINE)
        assert set(working) <= {_local(slot.starts_at) for slot in slots}, sequence


def test_a_facial_this_afternoon_leaves_room_for_a_shave(demo: Salon) -> None:
    """The story told with the demo: 14:00 with Anna."""
    services = {service.name: service.pk for service in Service.objects.all()}
    anna = StaffMember.objects.get(name="Anna").pk
    slots = find_slots(
        salon=demo,
        wishes=[Wish(services["Facial"], anna), Wish(services["Nassrasur"], anna)],
        first=TODAY,
        last=TODAY,
        now=NOW,
        bounds=Bounds.ONLINE,
    )
    assert datetime(2026, 11, 21, 14, tzinfo=BERLIN) in [slot.starts_at for slot in slots]


def test_the_illness_lies_over_appointments_and_the_vacation_does_not(demo: Salon) -> None:
    def under(absence: Absence) -> int:
        return AppointmentItem.objects.filter(
            staff_id=absence.staff_id, active=True, starts_at__lt=absence.ends_at, ends_at__gt=absence.starts_at
        ).count()

    sick = Absence.objects.get(kind=AbsenceKind.SICK)
    assert TODAY < _local(sick.starts_at) <= TODAY + timedelta(days=7)
    assert under(sick) >= 3
    others = Absence.objects.exclude(kind=AbsenceKind.SICK)
    assert {absence.kind for absence in others} == {"VACATION", "TRAINING", "OTHER", "BLOCKED"}
    assert sum(map(under, others)) == 0
    assert Absence.objects.filter(note="Warenlieferung", starts_at__date=TODAY).exists()


def test_people_wait(demo: Salon) -> None:
    waiting = WaitingEntry.objects.prefetch_related("services")
    assert len(waiting) == 5
    assert all(entry.services.all() and entry.ends_on >= TODAY for entry in waiting)


def test_the_audit_tells_of_every_appointment(demo: Salon) -> None:
    booked = AuditEntry.objects.filter(action="appointment.booked")
    assert booked.count() == Appointment.objects.count()
    assert not AuditEntry.objects.filter(at__gt=F("recorded_at")).exclude(at__lte=NOW).exists()
    told = set(booked.exclude(client_id=None).values_list("subject_id", "client_id"))
    assert told == set(Appointment.objects.exclude(client=None).values_list("pk", "client_id"))


def test_the_barber_has_a_calendar_too(demo_world: Salon, db: None) -> None:
    barber = directory.find_salon("barbier-am-dom")
    assert barber is not None
    with salon_scope(barber.pk):
        starts = Appointment.objects.order_by("starts_at").values_list("starts_at", flat=True)
        assert TODAY - timedelta(weeks=8) <= _local(starts[0]) < TODAY - timedelta(weeks=7)
        assert len(starts) > 300
        assert visits.miscounted(after=None, limit=1000).cards == {}
        assert standing.drifted(today=TODAY, after=None, limit=1000).drifted == []
        assert StaffMember.objects.count() == 3
        assert len(_on(TODAY)) >= 10
