"""A salon with any number of clients, five appointments and three sales of each: made in the database, by SQL alone."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import GeneratedField, Model

from bookings.models import Appointment, AppointmentItem, Sale, SaleLine
from bookings.states import State
from clients.models import Category, CategoryAssignment, Client
from marketing.models import Recipient, RecipientReason, RecipientState
from salon.catalogue.models import Product, Service
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import a_salon_day, at, make_service
from tests.checkout.till import make_product
from tests.conftest import NOW
from tests.marketing.campaigning import draft
from tests.marketing.segment_world import TODAY, sold, visited

VISITS = 5
SERVICES = 20


def crowd(salon: Salon, many: int) -> None:
    """Fill an empty salon: appointments over three years, a fifth of the clients with one to come."""
    with salon_scope(salon.pk), transaction.atomic():
        day = a_salon_day()
        client = day.lena
        for number in range(SERVICES - 3):
            make_service(f"Dienst {number}", archived_at=NOW)
        for number in range(SERVICES):
            make_product(f"Artikel {number}", archived_at=NOW)
        Category.objects.create(name="Farbe", name_key="farbe", created_at=NOW)
        appointment = visited(day, client, at(10, day=TODAY - timedelta(days=9)))
        Appointment.objects.filter(pk=appointment.pk).update(visit_on=None)
        sale = sold(client, (day.cut, "59.00"))
        goods = sold(client, (Product.objects.first(), "20.00"))
        mail = _mail(client)
        with connection.cursor() as cursor:
            cursor.execute("SELECT setseed(0.5)")
            cursor.execute(
                "CREATE TEMPORARY TABLE wanted ON COMMIT DROP AS "
                "SELECT uuidv7() AS id, number, random() AS chance, random() AS other, current_date AS today "
                "FROM generate_series(2, %s) number",
                [many],
            )
            for name, model in (("services", Service), ("products", Product)):
                cursor.execute(
                    f"CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS "
                    f"SELECT id, row_number() OVER () AS number FROM {model._meta.db_table}"
                )
            _multiply(Client, client.pk, "wanted", _CARDS)
            cursor.execute(
                "INSERT INTO clients_categoryassignment (salon_id, client_id, category_id, assigned_at) "
                "SELECT %s, wanted.id, category.id, %s FROM wanted, clients_category category WHERE chance < 0.15",
                [salon.pk, NOW],
            )
            cursor.execute(
                f"CREATE TEMPORARY TABLE visits ON COMMIT DROP AS SELECT uuidv7() AS id, uuidv7() AS sale_id, "
                "wanted.id AS client_id, row_number() OVER () AS number, random() AS chance, turn, "
                "%s + make_interval(days => (CASE WHEN turn = 1 AND chance < 0.2 THEN 40 * random() "
                "ELSE -1100 * random() END)::int, mins => (600 * random())::int) AS starts_at "
                f"FROM wanted CROSS JOIN generate_series(1, {VISITS}) turn",
                [at(9, day=TODAY)],
            )
            _multiply(Appointment, appointment.pk, "visits", _APPOINTMENTS)
            (item,) = appointment.items.all()
            AppointmentItem.objects.filter(pk=item.pk).update(active=False)
            _multiply(AppointmentItem, item.pk, f"visits JOIN services ON services.number = {_PLACE}", _ITEMS)
            _multiply(Recipient, mail.pk, "wanted", _MAILS)
            cursor.execute("DELETE FROM visits WHERE turn > 3 OR starts_at >= %s", [NOW])
            _multiply(Sale, sale.pk, "visits", _SALES)
            (line,), (bottle,) = sale.lines.all(), goods.lines.all()
            _multiply(SaleLine, line.pk, f"visits JOIN services ON services.number = {_PLACE}", _LINES)
            bottles = f"visits JOIN products ON products.number = {_PLACE} AND chance < 0.4"
            _multiply(SaleLine, bottle.pk, bottles, _BOTTLES)
        assert Client.objects.count() == many
        assert CategoryAssignment.objects.exists()


def _mail(client: Client) -> Recipient:
    """Let a client have got a mail of a campaign."""
    return Recipient.objects.create(
        campaign=draft("everybody"),
        client=client,
        state=RecipientState.SENT,
        reason=RecipientReason.CONSENT,
        sent_at=NOW,
        created_at=NOW,
    )


_PLACE = f"1 + visits.number % {SERVICES}"
_PRICE = "1000 + visits.number % 9000"
_CARDS = {
    "id": "wanted.id",
    "number": "wanted.number",
    "sort_key": "'kundin ' || wanted.number",
    "first_name": "'Kundin ' || wanted.number",
    "birth_day": "CASE WHEN chance < 0.6 THEN 1 + wanted.number % 28 END",
    "birth_month": "CASE WHEN chance < 0.6 THEN 1 + wanted.number / 28 % 12 END",
    "birth_year": "CASE WHEN chance < 0.4 THEN 1940 + wanted.number % 75 END",
    "gender": "CASE WHEN chance < 0.6 THEN 'FEMALE' WHEN chance < 0.9 THEN 'MALE' ELSE '' END",
    "postal_code": "CASE WHEN other < 0.8 THEN (80000 + wanted.number % 5000)::text ELSE '' END",
    "city": "CASE WHEN other < 0.8 THEN 'Ort ' || wanted.number % 300 ELSE '' END",
    "listed_on": "date '2026-11-21' - (1500 * other)::int",
    "carried_visits": "(12 * chance)::int",
    "carried_first_visit_on": "CASE WHEN chance < 0.9 THEN date '2026-11-21' - 1100 + (300 * other)::int END",
    "carried_last_visit_on": "CASE WHEN chance < 0.9 THEN date '2026-11-21' - (700 * other)::int END",
    "status": "CASE WHEN chance < 0.3 THEN 'NEW' ELSE 'RETURNING' END",
    "status_reason": "CASE WHEN chance < 0.3 THEN 'LAPSED' ELSE 'RECENT_VISIT' END",
    "status_changes_on": "CASE WHEN chance >= 0.3 THEN date '2026-11-21' + (366 * other)::int END",
    "points": "(500 * other)::int",
    "treatcard_number": "CASE WHEN other < 0.3 THEN 'T' || wanted.number ELSE '' END",
    "email_consent_for": "CASE WHEN other < 0.4 THEN '' END",
    "blocked": "other > 0.99",
}
_APPOINTMENTS = {
    "id": "visits.id",
    "client_id": "visits.client_id",
    "starts_at": "visits.starts_at",
    "ends_at": "visits.starts_at + interval '1 hour'",
    "state": f"CASE WHEN visits.starts_at > timestamptz '{NOW}' THEN '{State.BOOKED}' "
    f"WHEN chance < 0.05 THEN '{State.NO_SHOW}' ELSE '{State.COMPLETED}' END",
}
_ITEMS = {
    "id": "uuidv7()",
    "appointment_id": "visits.id",
    "service_id": "services.id",
    "starts_at": "visits.starts_at",
    "ends_at": "visits.starts_at + interval '1 hour'",
}
_SALES = {
    "id": "visits.sale_id",
    "client_id": "visits.client_id",
    "appointment_id": "visits.id",
    "number": "visits.number + 2",
    "total": _PRICE + " + CASE WHEN chance < 0.4 THEN 2000 ELSE 0 END",
    "paid": _PRICE + " + CASE WHEN chance < 0.4 THEN 2000 ELSE 0 END",
    "created_at": "visits.starts_at",
    "paid_at": "visits.starts_at",
    "paid_on": "visits.starts_at::date",
}
_LINES = {
    "id": "uuidv7()",
    "sale_id": "visits.sale_id",
    "service_id": "services.id",
    "unit_price": _PRICE,
    "final_price": _PRICE,
}
_MAILS = {
    "id": "uuidv7()",
    "client_id": "wanted.id",
    "state": "CASE WHEN chance < 0.6 THEN 'SENT' ELSE 'EXCLUDED' END",
    "sent_at": f"CASE WHEN chance < 0.6 THEN timestamptz '{NOW}' - other * interval '400 days' END",
}
_BOTTLES = {"id": "uuidv7()", "sale_id": "visits.sale_id", "position": "1", "product_id": "products.id"}


def _multiply(model: type[Model], template: UUID, source: str, given: Mapping[str, str]) -> None:
    """Copy a row for each row of a source, with other values in some columns."""
    names = [str(one.column) for one in model._meta.concrete_fields if not isinstance(one, GeneratedField)]
    values = ", ".join(given.get(name, f"template.{name}") for name in names)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {values.replace('%', '%%')} "
            f"FROM (SELECT * FROM {table} WHERE id = %s) template CROSS JOIN {source.replace('%', '%%')}",
            [template],
        )
