"""Whom a line names beside its client: her own stylist, who referred her, and that she is blocked (domain.md §2)."""

import pytest

from clients.models import Client, ImportRow, Note
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.bookings.salonday import make_staff
from tests.importing.files import applied, counts, on_file, table, undone

pytestmark = pytest.mark.django_db
FILE = table(
    ("First Name", "Last Name", "Mobile", "TreatCard Number", "Preferred Staff", "Referred by", "Archived"),
    ("Mia", "Rot", "0171 5550801", "", "clara", "Petra Lang", "TRUE"),
    ("Ida", "Blau", "0171 5550802", "", "Kevin", "Mia Rot", "FALSE"),
    ("Petra", "Lang", "0171 5550803", "", "", "Petra Lang", "TRUE"),
)


def test_people_are_found_by_name_or_stand_in_a_note(sonnenschein: Salon) -> None:
    petra = on_file(sonnenschein, first_name="Petra", last_name="Lang", mobile="0171 5550803")
    with salon_scope(sonnenschein.pk):
        clara = make_staff("Clara Neumann")
    batch = applied(sonnenschein, FILE)
    # Petra is not blocked by a file that is only to fill in what is missing, and nobody refers herself.
    assert counts(batch) == (2, 0, 1, 0)
    with salon_scope(sonnenschein.pk):
        mia, ida = (Client.objects.get(first_name=name) for name in ("Mia", "Ida"))
        assert (mia.preferred_staff_id, mia.referred_by_id, mia.blocked) == (clara.pk, petra.pk, True)
        assert mia.blocked_reason
        assert (ida.preferred_staff_id, ida.referred_by_id, ida.blocked) == (None, None, False)
        [note] = Note.objects.filter(client=ida)
        assert note.text == "Stammfriseur/in: Kevin\n\nEmpfohlen von: Mia Rot"
        plans = {row.number: row.plan for row in ImportRow.objects.filter(batch=batch)}
    assert ["preferred_staff", None, "clara"] in plans[2]["changes"]
    assert [one["code"] for one in plans[3]["hints"]] == ["person_unknown", "person_unknown"]
    assert undone(sonnenschein, batch).kept == 0


def test_nobody_refers_herself_on_whatever_line(sonnenschein: Salon) -> None:
    petra = on_file(sonnenschein, first_name="Petra", last_name="Lang", mobile="0171 5550803", landline="030 5550803")
    header = ("Vorname", "Nachname", "Handy", "Festnetz", "Empfohlen von")
    rows = (("Petra", "Lang", "0171 5550803", "030 5550804", ""), ("Petra", "Lang", "", "030 5550804", "Petra Lang"))
    applied(sonnenschein, table(header, *rows))
    with salon_scope(sonnenschein.pk):
        petra.refresh_from_db()
    assert petra.referred_by_id is None
