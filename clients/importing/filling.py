"""What a line adds to a card that it makes or speaks of (domain.md §10)."""

from collections.abc import Collection
from dataclasses import asdict, fields, replace
from datetime import date

from clients.details import ClientDetails
from clients.importing.doubtful import looks_like_health
from clients.importing.formats import Format
from clients.importing.joining import said
from clients.importing.mapping import LONGEST_TOLD, Problem, Wanted
from clients.importing.noting import BETWEEN_NOTES
from clients.importing.on_file import OnFile
from clients.importing.plans import HEALTH, MADE, Plan
from clients.importing.since import known_earlier, listed_since
from clients.labels import CategoryDetails
from clients.models import Client, Decision, HealthNotes, ImportBatch, KnownClients, Outcome
from salon.audit.recording import Change
from salon.catalogue.details import key_of


class Filler:
    """One file's options, what was looked up for a block of its lines, and what is done with known clients."""

    def __init__(self, batch: ImportBatch, today: date, stored: OnFile, known: str) -> None:
        self.batch = batch
        self.today = today
        self.stored = stored
        self.known = known
        self.ours = batch.format == Format.OURS

    def create(self, number: int, wanted: Wanted) -> Plan:
        """Return the plan of a line that makes a card."""
        listed_on, says = listed_since(wanted, self.today)
        facts = _facts_of(wanted, listed_on)
        points, hints = self._opening(None, wanted)
        plan = Plan(number, Outcome.CREATE, wanted, details=wanted.details, facts=facts, points=points, hints=hints)
        if says:
            plan = replace(plan, remarks=(("listed_on", str(listed_on), says),), assumed_listed_on=listed_on)
        told = [
            Change(one.name, None, text) for one in fields(ClientDetails) if (text := getattr(wanted.details, one.name))
        ]
        told += [Change(name, None, str(value)) for name, value in facts.items()]
        told += [Change("points", None, str(points))] if points else []
        return self._with_additions(plan, told, None)

    def add(self, number: int, wanted: Wanted, there: ClientDetails) -> Plan:
        """Return the plan of a line that fills a card which an earlier one is yet to make, with these details."""
        points, hints = self._opening(None, wanted)
        plan = Plan(number, Outcome.SAME, wanted, details=said(there, wanted.details, overwrite=False), hints=hints)
        told = [Change(name, None, text) for name, text in asdict(wanted.details).items() if text]
        told += [Change(name, None, str(value)) for name, value in _facts_of(wanted, wanted.listed_on).items()]
        told += [Change("points", None, str(points))] if points else []
        plan = self._with_additions(plan, told, None)
        return replace(plan, outcome=Outcome.UPDATE) if plan.changes else plan

    def update(self, number: int, wanted: Wanted, card: Client, *, own: Collection[str] = ()) -> Plan:
        """Return the plan of a line that speaks of a card, on which what is `own` comes from the same file.

        There a first visit may become earlier, a last one later, and whoever may book here be barred.
        """
        plan = Plan(number, Outcome.SAME, wanted, card, details=card.details)
        if self.known == KnownClients.LEAVE:
            return plan
        changes = self._changed_details(card.details, wanted.details, own)
        facts = self._changed_facts(card, wanted, own)
        told = [Change(name, getattr(card.details, name) or None, text) for name, text in changes.items()]
        told += [Change(name, str(getattr(card, name) or "") or None, str(value)) for name, value in facts.items()]
        details = replace(card.details, **changes)
        points, hints = self._opening(card, wanted)
        told += [Change("points", None, str(points))] if points else []
        plan = replace(plan, details=details, facts=facts, points=points, hints=hints)
        plan = self._with_additions(plan, told, card)
        if "email" in changes and card.email and card.email_consent and plan.decision is None:
            plan = replace(plan, hints=(*plan.hints, Problem("email", "consent_ends")))
        return replace(plan, outcome=Outcome.UPDATE) if plan.changes else plan

    def _changed_details(self, before: ClientDetails, given: ClientDetails, own: Collection[str]) -> dict[str, str]:
        """Return the fields of a card that a line changes; what it does not say stays."""
        overwrite = self.known == KnownClients.UPDATE
        changes: dict[str, str] = {}
        if not overwrite and "blocked" not in own:
            # Whoever may book here is not barred by a file that is only to fill in what is missing.
            given = replace(given, blocked="", blocked_reason="")
        for name in (one.name for one in fields(ClientDetails)):
            old, new = getattr(before, name), getattr(given, name)
            if not new or new == old or (old and not overwrite and not _adds_year(name, old, new)):
                continue
            if name in {"mobile", "landline"} and new in {before.mobile, before.landline}:
                continue
            if (name == "email" and new.casefold() == old.casefold()) or _adds_year(name, new, old):
                continue
            changes[name] = new
        if changes.keys() & {"first_name", "last_name"} and not overwrite:
            # A card of one name is not given a second one of another writing of the same.
            whole = f"{given.first_name} {given.last_name}".strip()
            if whole == f"{before.first_name} {before.last_name}".strip():
                changes = {name: text for name, text in changes.items() if name not in {"first_name", "last_name"}}
        return changes

    def _changed_facts(self, card: Client, wanted: Wanted, own: Collection[str]) -> dict[str, date | int | str]:
        overwrite = self.known == KnownClients.UPDATE
        # In our own file stands what appointments and imports make together, elsewhere only what was before.
        before: tuple[tuple[str, object, object, object], ...] = (
            ("treatcard_number", wanted.treatcard_number, card.treatcard_number, card.treatcard_number),
            (
                "carried_first_visit_on",
                wanted.first_visit_on,
                card.carried_first_visit_on,
                card.first_success_on if self.ours else card.carried_first_visit_on,
            ),
            (
                "carried_last_visit_on",
                wanted.last_visit_on,
                card.carried_last_visit_on,
                card.last_success_on if self.ours else card.carried_last_visit_on,
            ),
            (
                "carried_visits",
                max(wanted.visits - card.visits, 0) if self.ours and wanted.visits else wanted.visits,
                card.carried_visits,
                card.visits + card.carried_visits if self.ours else card.carried_visits,
            ),
            ("listed_on", wanted.listed_on, card.listed_on, card.listed_on),
        )
        facts: dict[str, date | int | str] = {
            name: new  # type: ignore[misc]
            for name, new, old, shown in before
            if new and new not in {old, shown} and (overwrite or not shown)
        }
        facts |= {name: day for name, day in _widened(card, wanted).items() if name in own}
        if "listed_on" not in facts and (known_by := known_earlier(card, wanted)):
            facts["listed_on"] = known_by
        return facts

    def _opening(self, card: Client | None, wanted: Wanted) -> tuple[int, tuple[Problem, ...]]:
        """Return with how many points a line opens the ledger of a card: where there is one, it alone says."""
        points = wanted.points or 0
        if card and card.pk in self.stored.with_points:
            kept = wanted.points is not None and points != card.points
            return 0, (Problem("points", "points_kept", str(card.points)),) if kept else ()
        # In our own file they are those of a ledger, which a card keeps whatever becomes of its number.
        if points and not self.ours and not wanted.treatcard_number and not (card and card.treatcard_number):
            return 0, (Problem("points", "points_without_card", str(points)),)
        return points, (Problem("points", "points_owed", str(points)),) if points < 0 else ()

    def _with_additions(self, plan: Plan, told: list[Change], card: Client | None) -> Plan:
        """Add categories, services had, a note and consent, as far as the card has not got them."""
        wanted = plan.wanted
        categories, hints = self._categories(wanted, card)
        told += [Change("categories", None, self.stored.names.get(_key(name), name)) for name in categories]
        made = [("categories", name, MADE) for name in categories if _key(name) not in self.stored.names]
        services = self._services(wanted, card, told)
        hints += [
            Problem("services", "service_unknown", name)
            for name, _times in services
            if key_of(name) not in self.stored.offered
        ]
        whole = self._note(wanted.note, card)
        kept, health = self._without_health(whole)
        left_out = health if self.batch.health_notes == HealthNotes.LEAVE_OUT else []
        note = kept if left_out else whole
        if note:
            told.append(Change("notes", None, note))
        decision = self._decision(plan, card)
        if decision:
            told.append(Change("consent", None, decision))
        elif self._has_objected(plan) and (card is None or not self._has_decided(card)):
            hints.append(Problem("consent", "consent_objected"))
        elif wanted.consent and not self._is_for_its_address(plan) and not (card and self._has_decided(card)):
            hints.append(Problem("consent", "consent_without_address"))
        elif wanted.consent and not self.batch.consent_wording and card is None:
            hints.append(Problem("consent", "consent_without_words"))
        return replace(
            plan,
            categories=tuple(categories),
            services=tuple(services),
            note=note,
            left_out=tuple(Problem("notes", HEALTH, one[:LONGEST_TOLD]) for one in left_out),
            found=(HEALTH,) if health else (),
            decision=decision,
            hints=(*plan.hints, *hints),
            changes=tuple(told),
            remarks=(*plan.remarks, *made),
        )

    def _categories(self, wanted: Wanted, card: Client | None) -> tuple[list[str], list[Problem]]:
        has = self.stored.assigned[card.pk] if card else set()
        found, unknown = [], []
        for name in wanted.categories:
            category_id = self.stored.categories.get(_key(name))
            if category_id is None and not self.batch.create_categories:
                unknown.append(Problem("categories", "category_unknown", name))
            elif category_id is None or category_id not in has:
                found.append(name)
        return list({_key(name): name for name in found}.values()), unknown

    def _services(self, wanted: Wanted, card: Client | None, told: list[Change]) -> list[tuple[str, int]]:
        has = self.stored.services[card.pk] if card else {}
        overwrite = self.known == KnownClients.UPDATE
        found = [
            (name, times) for name, times in wanted.services if name not in has or (overwrite and has[name] != times)
        ]
        for name, times in found:
            old = f"{name} × {has[name]}" if name in has else None
            told.append(Change("services", old, f"{name} × {times}"))
        return found

    def _note(self, text: str, card: Client | None) -> str:
        """Return what a note says that no note of the card says yet, paragraph by paragraph."""
        if not text or card is None:
            return text
        stands = "\n\n".join(self.stored.notes[card.pk])
        known = {" ".join(one.split()) for one in stands.split(BETWEEN_NOTES)}
        new = [one for one in text.split(BETWEEN_NOTES) if " ".join(one.split()) not in known and one.strip()]
        return BETWEEN_NOTES.join(new)

    def _without_health(self, note: str) -> tuple[str, list[str]]:
        """Return of a note what is one, and the paragraphs that look like health data."""
        paragraphs = note.split(BETWEEN_NOTES)
        health = [one for one in paragraphs if looks_like_health(one)]
        return BETWEEN_NOTES.join(one for one in paragraphs if one not in health), health

    def _decision(self, plan: Plan, card: Client | None) -> Decision | None:
        wanted = plan.wanted
        if wanted.consent and self.batch.consent_wording:
            # Who has decided anything here is not overruled by a file, nor is who has objected at the address.
            decided = card is not None and not self._agrees_anew(plan, card) and self._has_decided(card)
            barred = decided or self._has_objected(plan) or not self._is_for_its_address(plan)
            return None if barred else Decision.GRANTED
        overwrite = self.known == KnownClients.UPDATE
        wants = card is not None and self.stored.said.get(card.pk) in {Decision.REQUESTED, Decision.GRANTED}
        if wanted.consent is False and overwrite and wants:
            return Decision.WITHDRAWN
        return None

    def _agrees_anew(self, plan: Plan, card: Client) -> bool:
        # Who had agreed does so again for the address that the same line brings.
        return plan.details.email != card.email and self.stored.said.get(card.pk) == Decision.GRANTED

    def _is_for_its_address(self, plan: Plan) -> bool:
        # Of those who agreed before they had an address only our own file knows.
        email = plan.wanted.details.email
        return (bool(email) or self.ours) and email.casefold() == plan.details.email.casefold()

    def _has_decided(self, card: Client) -> bool:
        return card.email_consent or self.stored.said.get(card.pk, Decision.UNDONE) != Decision.UNDONE

    def _has_objected(self, plan: Plan) -> bool:
        return bool(plan.wanted.consent) and plan.details.email.lower() in self.stored.objected


def _facts_of(wanted: Wanted, listed_on: date | None) -> dict[str, date | int | str]:
    """Return what a line says of a new card besides its details; what it does not say is left out."""
    given: dict[str, date | int | str | None] = {
        "listed_on": listed_on,
        "treatcard_number": wanted.treatcard_number,
        "carried_first_visit_on": wanted.first_visit_on,
        "carried_last_visit_on": wanted.last_visit_on,
        "carried_visits": wanted.visits,
    }
    return {name: value for name, value in given.items() if value}


def _widened(card: Client, wanted: Wanted) -> dict[str, date]:
    first, last = card.carried_first_visit_on, card.carried_last_visit_on
    found = {}
    if first and wanted.first_visit_on and wanted.first_visit_on < first:
        found["carried_first_visit_on"] = wanted.first_visit_on
    if last and wanted.last_visit_on and wanted.last_visit_on > last:
        found["carried_last_visit_on"] = wanted.last_visit_on
    return found


def _key(name: str) -> str:
    return CategoryDetails(name=name).name_key


def _adds_year(name: str, old: str, new: str) -> bool:
    """Return whether a birthday without its year is the other one with it."""
    return name == "birthday" and old.startswith("--") and not new.startswith("--") and old[-5:] == new[-5:]
