"""What the preview and the result of an import ask about lines that may not be meant as they stand."""

from dataclasses import dataclass
from typing import Self

from clients.importing.lines import Found, names_of
from clients.models import HealthNotes, ImportBatch, OnlyNames

SAMPLES = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """One such kind of lines: how many, which some are, and what can be done with them."""

    lines: int
    samples: list[str]
    url: str
    choices: list[tuple[str, object]]


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Those that say nothing but a name, and those with notes that look like health data; None where there are none."""

    names: Asked | None
    health: Asked | None

    @classmethod
    def of(cls, batch: ImportBatch, tab: str) -> Self:
        """Return what is asked about an import; `tab` is the address of a kind of its lines, but for its name."""
        names = names_of(batch, Found.ONLY_NAME, SAMPLES) if batch.only_a_name else []
        health = names_of(batch, Found.HEALTH, SAMPLES) if batch.with_health else []
        return cls(
            Asked(batch.only_a_name, names, tab + Found.ONLY_NAME, list(OnlyNames.choices)) if names else None,
            Asked(batch.with_health, health, tab + Found.HEALTH, list(HealthNotes.choices)) if health else None,
        )
