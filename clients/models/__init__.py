"""The client card and what belongs to it."""

from clients.classification import CreatedVia
from clients.identity import IdentityPolicy
from clients.labels import DiscountOn
from clients.models.card import CardState, Client, ClientNumbers
from clients.models.categories import Category, CategoryAssignment
from clients.models.consent import ConsentEntry, ConsentPurpose, ConsentSource, ConsentWording, Decision, Objection
from clients.models.importing import (
    HealthNotes,
    ImportBatch,
    ImportKey,
    ImportRow,
    ImportState,
    KnownClients,
    LookAlikes,
    OnlyNames,
    Outcome,
)
from clients.models.merging import DuplicateProposal, Likeness, Merge, ProposalState
from clients.models.notes import CarriedService, HealthRecord, Note
from clients.models.points import Cause, PointsEntry
from clients.models.rules import ClientRules
from clients.models.search import SearchToken, TokenField

__all__ = [
    "CardState",
    "CarriedService",
    "Category",
    "CategoryAssignment",
    "Cause",
    "Client",
    "ClientNumbers",
    "ClientRules",
    "ConsentEntry",
    "ConsentPurpose",
    "ConsentSource",
    "ConsentWording",
    "CreatedVia",
    "Decision",
    "DiscountOn",
    "DuplicateProposal",
    "HealthNotes",
    "HealthRecord",
    "IdentityPolicy",
    "ImportBatch",
    "ImportKey",
    "ImportRow",
    "ImportState",
    "KnownClients",
    "Likeness",
    "LookAlikes",
    "Merge",
    "Note",
    "Objection",
    "OnlyNames",
    "Outcome",
    "PointsEntry",
    "ProposalState",
    "SearchToken",
    "TokenField",
]
