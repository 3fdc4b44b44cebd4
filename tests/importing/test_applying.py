"""Import from upload to undo (domain.md §10)."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from clients.categories import change_assignments, create_category
from clients.details import ClientDetails
from clients.editing import update_client
from clients.importing.batches import Choices, WrongMoment, begin, choose, discard, forget_clients, forget_old, undo
from clients.labels import CategoryDetails
from clients.listing import search_clients
from clients.models import (
    CarriedService,
    Category,
    CategoryAssignment,
    Client,
    ConsentEntry,
    ImportBatch,
    ImportKey,
    ImportRow,
    Note,
)
from clients.notes import write_note
from salon.audit.models import AuditEntry
from salon.errors import InvalidInput, NotAllowed
from salon.identity.roles import PERMISSIONS, Actor, Role
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.conftest import NOW
from tests.importing.files import (
    MANAGER,
    PHOREST,
    SHORE,
    TREATWELL,
    applied,
    checked,
    choices_of,
    counts,
    on_file,
    table,
    undone,
    uploaded,
)

pytestmark = pytest.mark.django_db
WORDS = "Liste der Newsletter-Anmeldungen unserer alten Software"


def _problems(batch: ImportBatch) -> list[tuple[int, str, str]]:
    rows = ImportRow.objects.filter(batch=batch, outcome="FAULTY").order_by("number")
    return [(row.number, one["target"], one["code"]) for row in rows for one in row.plan["problems"]]


def test_shore_becomes_cards_with_everything(sonnenschein: Salon) -> None:
    batch = applied(sonnenschein, SHORE.encode(), consent_wording=WORDS)
    assert (batch.state, batch.format, counts(batch)) == ("APPLIED", "SHORE", (2, 0, 0, 0))
    with salon_scope(sonnenschein.pk):
        petra, joerg = Client.objects.order_by("number")
        assert petra.details == ClientDetails(
            first_name="Petra",
            last_name="Lang",
            gender="FEMALE",
            birthday="1990-11-21",
            mobile="+491715550318",
            email="petra@mail.example",
            street="Lindenstraße 4",
            postal_code="10969",
            city="Berlin",
        )
        assert (petra.number, petra.created_via, petra.listed_on) == (1, "IMPORT", date(2026, 11, 21))
        assert (petra.status, petra.status_reason) == ("RETURNING", "LISTED")
        assert (petra.email_consent, petra.email_consent_at) == (True, NOW)
        entry = ConsentEntry.objects.get()
        assert (entry.client_id, entry.decision, entry.source, entry.wording) == (petra.pk, "GRANTED", "IMPORT", WORDS)
        assert (joerg.mobile, joerg.email_consent) == ("+49305550199", False)
        note = Note.objects.get()
        assert (note.client_id, note.text, note.author_name) == (petra.pk, "schwarzer Kaffee", "Carla Neumann")
        names = CategoryAssignment.objects.filter(client=petra).values_list("category__name", flat=True)
        assert set(names) == {"VIP", "Farbkundin"}
        assert [one.pk for one in search_clients("0171 555", limit=5)[0]] == [petra.pk]
        created = AuditEntry.objects.get(subject_id=petra.pk)
        assert (created.action, created.actor_name) == ("client.imported", "Carla Neumann")
        assert created.changes == [{"field": "import", "old": None, "new": "kunden.csv"}]


def test_without_words_nobody_has_consented(sonnenschein: Salon) -> None:
    applied(sonnenschein, SHORE.encode())
    with salon_scope(sonnenschein.pk):
        assert not Client.objects.filter(email_consent=True).exists()
        assert not ConsentEntry.objects.exists()


def test_treatwell_splits_names_and_tells_landlines(sonnenschein: Salon) -> None:
    batch = applied(sonnenschein, TREATWELL.encode(), consent_wording=WORDS)
    assert (batch.format, counts(batch)) == ("TREATWELL", (2, 0, 0, 0))
    with salon_scope(sonnenschein.pk):
        sarah, anna = Client.objects.order_by("number")
        assert (sarah.first_name, sarah.last_name, sarah.mobile, sarah.email_consent) == (
            "Sarah", "Smith", "+491715550400", True,
        )  # fmt: skip
        assert (anna.first_name, anna.last_name, anna.mobile, anna.landline, anna.email_consent) == (
            "Anna", "von der Au", "", "+49305550500", False,
        )  # fmt: skip


def test_phorest_carries_points_visits_and_services(sonnenschein: Salon) -> None:
    batch = applied(sonnenschein, PHOREST.encode())
    assert (batch.format, batch.day_order, counts(batch)) == ("PHOREST", "DMY", (1, 0, 0, 0))
    with salon_scope(sonnenschein.pk):
        frank = Client.objects.get()
        assert (frank.treatcard_number, frank.points, frank.carried_visits) == ("TC00017", 350, 23)
        assert (frank.visits, frank.first_visit_on) == (0, None)
        assert (frank.listed_on, frank.first_success_on, frank.last_success_on) == (
            date(2021, 5, 3), date(2021, 5, 14), date(2026, 10, 14),
        )  # fmt: skip
        assert (frank.status, frank.status_reason, frank.status_changes_on) == (
            "RETURNING", "RECENT_VISIT", date(2027, 10, 15),
        )  # fmt: skip
        services = dict(CarriedService.objects.values_list("name", "times"))
        assert services == {"Facial": 3, "Pflegekur": 2, "Brauen zupfen": 1}


@pytest.mark.parametrize("content", [SHORE, TREATWELL, PHOREST], ids=["shore", "treatwell", "phorest"])
def test_the_same_file_again_changes_nothing(sonnenschein: Salon, content: str) -> None:
    first = applied(sonnenschein, content.encode(), consent_wording=WORDS)
    for known in ("FILL", "UPDATE", "LEAVE"):
        again = applied(sonnenschein, content.encode(), consent_wording=WORDS, known_clients=known)
        assert counts(again) == (0, 0, first.created, 0), known
    with salon_scope(sonnenschein.pk):
        assert Client.objects.filter(version=1).count() == first.created


def test_what_is_missing_is_filled_and_nothing_erased(sonnenschein: Salon) -> None:
    card = on_file(sonnenschein, first_name="Petra", last_name="Lange", email="petra@mail.example", city="Potsdam")
    batch = applied(sonnenschein, SHORE.encode())
    assert counts(batch) == (1, 1, 0, 0)
    with salon_scope(sonnenschein.pk):
        now = Client.objects.get(pk=card.pk)
        assert (now.last_name, now.city, now.mobile, now.street) == (
            "Lange", "Potsdam", "+491715550318", "Lindenstraße 4",
        )  # fmt: skip
        assert (now.version, now.number, now.created_via) == (2, 1, "STAFF")
        told = AuditEntry.objects.get(subject_id=card.pk, action="client.imported").changes
        assert {"field": "mobile", "old": None, "new": "+491715550318"} in told
        assert not any(one["field"] == "notes" for one in told)
        assert [one.pk for one in search_clients("lindenstr", limit=5)[0]] == [card.pk]


def test_overwriting_tells_old_and_new_before(sonnenschein: Salon) -> None:
    on_file(sonnenschein, first_name="Petra", last_name="Lange", email="petra@mail.example", street="Alte Gasse 1")
    blank = table(("Vorname", "Nachname", "E-Mail", "Straße"), ("Petra", "Lang", "PETRA@mail.example", ""))
    batch = checked(sonnenschein, blank, known_clients="UPDATE")
    with salon_scope(sonnenschein.pk):
        assert ImportRow.objects.get().plan["changes"] == [["last_name", "Lange", "Lang"]]
        assert Client.objects.get().last_name == "Lange"
        begin(actor=MANAGER, batch_id=batch.pk, now=NOW)


def test_every_bad_cell_is_told_in_its_line(sonnenschein: Salon) -> None:
    header = ("Vorname", "Nachname", "E-Mail", "Handy", "Geburtstag", "Besuche", "Letzter Besuch", "Kunde seit")
    batch = applied(
        sonnenschein,
        table(
            header,
            ("Gut", "Lang", "gut@mail.example", "", "", "", "", ""),
            ("A", "B", "petra@", "12", "21.11.2030", "viele", "31.02.2024", "01.01.2030"),
            ("", "", "wer@mail.example", "", "", "", "", ""),
            ("C", "D", "", "", "neulich", "", "", ""),
            ("x" * 81, "D", "", "", "", "", "", ""),
            ("Zwilling", "Lang", "gut@mail.example", "", "", "", "", ""),
        ),
    )
    assert counts(batch) == (1, 0, 0, 5)
    with salon_scope(sonnenschein.pk):
        assert Client.objects.count() == 1
        assert sorted(_problems(batch)) == sorted([
            (3, "email", "invalid"), (3, "mobile", "invalid"), (3, "birthday", "future"),
            (3, "visits", "no_count"), (3, "last_visit_on", "no_day"), (3, "listed_on", "future"),
            (4, "first_name", "required"), (5, "birthday", "invalid"), (6, "first_name", "max_length"),
            (7, "", "same_client_line"),
        ])  # fmt: skip


def test_a_treatcard_number_belongs_to_one_client(sonnenschein: Salon) -> None:
    rows = (("Vorname", "E-Mail", "Treatcard-Nummer"), ("A", "a@x.example", "tc 1"), ("B", "b@x.example", "TC1"))
    assert counts(applied(sonnenschein, table(*rows))) == (1, 0, 0, 1)
    batch = applied(sonnenschein, table(rows[0], ("C", "c@x.example", "TC1")))
    with salon_scope(sonnenschein.pk):
        assert _problems(batch) == [(2, "treatcard_number", "treatcard_taken")]


def test_what_is_no_treatcard_number_is_told_in_its_line(sonnenschein: Salon) -> None:
    rows = [("Vorname", "E-Mail", "Treatcard-Nummer")]
    numbers = ("tc-318", "tc/318", "T1", "x" * 33, "4006381 333931", "-318", "")
    rows += [(f"Gast {place}", f"g{place}@x.example", number) for place, number in enumerate(numbers)]
    batch = applied(sonnenschein, table(*rows))
    with salon_scope(sonnenschein.pk):
        assert _problems(batch) == [(line, "treatcard_number", "treatcard_invalid") for line in (3, 4, 5, 7)]
        kept = Client.objects.order_by("number").values_list("treatcard_number", flat=True)
        assert list(kept) == ["TC-318", "4006381333931", ""]


def test_a_treatcard_number_from_before_comes_again(sonnenschein: Salon) -> None:
    card = on_file(sonnenschein, first_name="Petra", last_name="Lang", email="petra@mail.example")
    with salon_scope(sonnenschein.pk):
        Client.objects.filter(pk=card.pk).update(treatcard_number="#7/A")
    rows = (
        ("Vorname", "Nachname", "E-Mail", "Ort", "Treatcard-Nummer"),
        ("Petra", "Lang", card.email, "Potsdam", "#7/a"),
    )
    batch = applied(sonnenschein, table(*rows), known_clients="UPDATE")
    with salon_scope(sonnenschein.pk):
        assert _problems(batch) == []
        assert list(Client.objects.values_list("city", "treatcard_number")) == [("Potsdam", "#7/A")]


def test_a_shared_phone_is_told_but_not_mistaken(sonnenschein: Salon) -> None:
    card = on_file(sonnenschein, first_name="Petra", last_name="Lang", mobile="0171 5550318")
    rows = (("Vorname", "Nachname", "Handy"), ("Mia", "Lang", "0171 5550318"), ("Ben", "Lang", "0171 5550318"))
    batch = checked(sonnenschein, table(*rows))
    assert counts(batch) == (2, 0, 0, 0)
    with salon_scope(sonnenschein.pk):
        hints = [row.plan["hints"][0] for row in ImportRow.objects.order_by("number")]
        assert hints == [{"target": "", "code": "look_alike", "cell": str(card.number)}] * 2
    left_out = applied(sonnenschein, table(*rows), look_alikes="LEAVE_OUT")
    assert counts(left_out) == (0, 0, 0, 2)


def test_without_any_contact_the_name_decides(sonnenschein: Salon) -> None:
    rows = (
        ("Vorname", "Nachname", "Ort"),
        ("Anna", "Groß", "Köln"),
        ("ANNA", "Gross", "Köln"),
        ("Anna", "Groß", "Ulm"),
    )
    assert counts(applied(sonnenschein, table(*rows))) == (2, 0, 1, 0)
    assert counts(applied(sonnenschein, table(*rows[:2]))) in {(0, 0, 1, 0), (1, 0, 0, 0)}


def test_unknown_categories_are_made_only_if_wanted(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        create_category(actor=MANAGER, details=CategoryDetails(name="VIP"), now=NOW)
    checked(sonnenschein, SHORE.encode())
    with salon_scope(sonnenschein.pk):
        remarks = ImportRow.objects.get(number=2).plan["remarks"]
        assert [one for one in remarks if one[0] == "categories"] == [["categories", "Farbkundin", "made"]]
    applied(sonnenschein, SHORE.encode(), create_categories=False)
    with salon_scope(sonnenschein.pk):
        assert [one.name for one in Category.objects.all()] == ["VIP"]
        assert CategoryAssignment.objects.count() == 1


def test_undo_leaves_nothing_of_an_import(sonnenschein: Salon) -> None:
    with salon_scope(sonnenschein.pk):
        before = Client.objects.count()
    for content in (SHORE, TREATWELL, PHOREST):
        batch = undone(sonnenschein, applied(sonnenschein, content.encode(), consent_wording=WORDS))
        assert (batch.state, batch.kept) == ("UNDONE", 0)
    with salon_scope(sonnenschein.pk):
        assert Client.objects.listed().count() == before
        for model in (Note, CategoryAssignment, CarriedService):
            assert not model.objects.exists()
        assert not Category.objects.filter(deleted_at=None).exists()
        # What nobody can delete: the ledger, on a card that says nothing else.
        left = Client.objects.get(pk=ConsentEntry.objects.first().client_id)  # type: ignore[union-attr]
        assert (left.state, left.full_name, left.email, left.mobile) == ("ERASED", f"#{left.number}", "", "")
        assert ConsentEntry.objects.filter(client=left).order_by("-id").first().decision == "UNDONE"  # type: ignore[union-attr]
        assert search_clients("petra", limit=5)[0] == []
        assert AuditEntry.objects.filter(action="client.import_removed").count() == 5


def test_undo_sets_changed_cards_back(sonnenschein: Salon) -> None:
    card = on_file(sonnenschein, first_name="Petra", last_name="Lange", email="petra@mail.example", city="Potsdam")
    batch = applied(sonnenschein, SHORE.encode(), consent_wording=WORDS, known_clients="UPDATE")
    assert counts(batch) == (1, 1, 0, 0)
    with salon_scope(sonnenschein.pk):
        assert Client.objects.get(pk=card.pk).email_consent
    after = undone(sonnenschein, batch, NOW + timedelta(hours=1))
    assert after.kept == 0
    with salon_scope(sonnenschein.pk):
        now = Client.objects.get(pk=card.pk)
        assert now.details == card.details
        assert (now.email_consent, now.version) == (False, 3)
        assert not CategoryAssignment.objects.exists()
        assert not Note.objects.filter(deleted_at=None).exists()
        assert AuditEntry.objects.filter(subject_id=card.pk, action="client.import_undone").count() == 1


def test_undo_keeps_what_others_did_since(sonnenschein: Salon) -> None:
    card = on_file(sonnenschein, first_name="Petra", last_name="Lange", email="petra@mail.example")
    batch = applied(sonnenschein, SHORE.encode())
    with salon_scope(sonnenschein.pk):
        joerg = Client.objects.get(first_name="Jörg")
        write_note(actor=MANAGER, client_id=joerg.pk, text="kam heute", pinned=False, now=NOW)
        update_client(actor=MANAGER, salon=sonnenschein, client_id=card.pk, changes={"city": "Bernau"}, now=NOW)
    after = undone(sonnenschein, batch)
    assert after.kept == 2
    with salon_scope(sonnenschein.pk):
        assert Client.objects.listed().filter(pk=joerg.pk).exists()
        now = Client.objects.get(pk=card.pk)
        assert (now.city, now.mobile, now.street) == ("Bernau", "", "")
        kept = dict(ImportRow.objects.exclude(kept_because="").values_list("number", "kept_because"))
        assert kept == {2: "field_changed", 3: "touched"}


def test_a_category_given_by_hand_outlives_the_undo(sonnenschein: Salon) -> None:
    other = on_file(sonnenschein, first_name="Mia")
    batch = applied(sonnenschein, SHORE.encode())
    with salon_scope(sonnenschein.pk):
        vip = Category.objects.get(name="VIP")
        change_assignments(actor=MANAGER, client_id=other.pk, added=[vip.pk], now=NOW)
    undone(sonnenschein, batch)
    with salon_scope(sonnenschein.pk):
        assert [one.name for one in Category.objects.filter(deleted_at=None)] == ["VIP"]


def test_an_import_moves_only_forward(sonnenschein: Salon) -> None:
    batch = uploaded(sonnenschein, SHORE.encode())
    with salon_scope(sonnenschein.pk):
        for wrong in (
            lambda: begin(actor=MANAGER, batch_id=batch.pk, now=NOW),
            lambda: undo(actor=MANAGER, batch_id=batch.pk, now=NOW),
        ):
            with pytest.raises(WrongMoment):
                wrong()  # type: ignore[no-untyped-call]
        choose(actor=MANAGER, batch_id=batch.pk, choices=choices_of(batch), now=NOW)
        with pytest.raises(WrongMoment):
            choose(actor=MANAGER, batch_id=batch.pk, choices=choices_of(batch), now=NOW)
        with pytest.raises(WrongMoment):
            discard(actor=MANAGER, batch_id=batch.pk, now=NOW)


@pytest.mark.parametrize(
    ("targets", "field"),
    [
        (["email"] + [""] * 11, "columns"),
        (["first_name", "first_name"] + [""] * 10, "column_1"),
        (["nonsense"] * 12, "columns"),
        (["first_name"], "columns"),
    ],
)
def test_choices_must_make_sense(sonnenschein: Salon, targets: list[str], field: str) -> None:
    batch = uploaded(sonnenschein, SHORE.encode())
    with salon_scope(sonnenschein.pk):
        with pytest.raises(InvalidInput) as refusal:
            choose(actor=MANAGER, batch_id=batch.pk, choices=Choices(targets=targets), now=NOW)
        assert [error.field for error in refusal.value.errors][:1] == [field]
        assert ImportBatch.objects.get().state == "MAPPING"


def test_staff_may_not_import(sonnenschein: Salon) -> None:
    batch = uploaded(sonnenschein, SHORE.encode())
    staff = Actor(MANAGER.kind, MANAGER.id, "Bora", PERMISSIONS[Role.STAFF])
    with salon_scope(sonnenschein.pk), pytest.raises(NotAllowed):
        choose(actor=staff, batch_id=batch.pk, choices=choices_of(batch), now=NOW)


def test_files_and_lines_are_forgotten(
    sonnenschein: Salon, imports_folder: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        batch = applied(sonnenschein, SHORE.encode())
    assert list(imports_folder.iterdir()) == []
    later = datetime(2026, 12, 21, 10, 0, tzinfo=UTC)
    with salon_scope(sonnenschein.pk):
        assert forget_old(now=later - timedelta(seconds=1)) == 0
        assert forget_old(now=later) == 1
        assert forget_old(now=later) == 0
        assert not ImportRow.objects.exists()
        assert Client.objects.count() == 2
        with pytest.raises(WrongMoment):
            undo(actor=MANAGER, batch_id=batch.pk, now=later)


def test_an_erased_client_leaves_the_lines(sonnenschein: Salon) -> None:
    applied(sonnenschein, SHORE.encode())
    # Faulty lines that name her, too, in whatever writing.
    again = (
        ("Name", "Handy", "E-Mail"),
        ("Petra L.", "+49 (0)171-555 03 18", "petra@"),
        ("P", "12", "PETRA@mail.example"),
    )
    applied(sonnenschein, table(*again, ("Fremd", "12", "")))
    with salon_scope(sonnenschein.pk):
        petra = Client.objects.get(first_name="Petra")
        forget_clients([petra.pk], traces=["petra@mail.example", "+491715550318"])
        left = str(list(ImportRow.objects.values())) + str(list(ImportKey.objects.values()))
        assert "etra" not in left
        assert "0318" not in left
        assert ImportRow.objects.count() == 2


def test_another_salons_imports_do_not_exist(sonnenschein: Salon, dom: Salon) -> None:
    applied(sonnenschein, SHORE.encode())
    assert counts(applied(dom, SHORE.encode())) == (2, 0, 0, 0)
    with salon_scope(dom.pk):
        assert ImportBatch.objects.count() == 1
        assert Client.objects.count() == 2
