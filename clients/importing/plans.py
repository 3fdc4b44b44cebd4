"""What one line of a file would do, and what an import may write (domain.md §10)."""

from dataclasses import dataclass, field
from datetime import date

from clients.details import ClientDetails
from clients.importing.mapping import Problem, Wanted
from clients.models import Client, Decision, Outcome
from salon.audit.recording import Change

LONGEST_NOTE = 4000
# The line of a client whose card was erased here.
ERASED = "erased"
# Of a category: the import makes it.
MADE = "made"
# What a line is looked for by, whatever becomes of it: it says only a name, its note looks like health data.
ONLY_NAME, HEALTH = "only_name", "health"
# Fields of the card beside its master data that an import can write.
FACTS = ("listed_on", "treatcard_number", "carried_first_visit_on", "carried_last_visit_on", "carried_visits")


@dataclass(frozen=True, slots=True)
class Plan:
    """What one line does: a new card, changes of the one it speaks of, nothing, or nothing because it is faulty.

    One that `joins` fills the card that an earlier line of the file has made or speaks of; it `waits` where that one is
    yet to be written.

    `details` and `facts` are what the card then says, `assumed_listed_on` what nothing but the import says of it; the
    rest is what is added to it, `points` as the balance that opens its ledger. `changes` tells all of it as old and
    new, `remarks` of some, by field and new value, what the file does not say; `hints` are what is odd without being
    wrong, `left_out` the faulty cells without which the line is taken over.
    """

    number: int
    outcome: Outcome
    wanted: Wanted = field(default_factory=Wanted)
    card: Client | None = None
    problems: tuple[Problem, ...] = ()
    hints: tuple[Problem, ...] = ()
    left_out: tuple[Problem, ...] = ()
    changes: tuple[Change, ...] = ()
    remarks: tuple[tuple[str, str, str], ...] = ()
    details: ClientDetails = field(default_factory=ClientDetails)
    facts: dict[str, date | int | str] = field(default_factory=dict)
    assumed_listed_on: date | None = None
    points: int = 0
    categories: tuple[str, ...] = ()
    services: tuple[tuple[str, int], ...] = ()
    note: str = ""
    decision: Decision | None = None
    found: tuple[str, ...] = ()
    joins: int | None = None
    waits: bool = False

    @property
    def is_erased(self) -> bool:
        """Whether the line is left out as its client was erased."""
        return any(problem.code == ERASED for problem in self.problems)
