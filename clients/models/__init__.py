"""The client card and what belongs to it."""

from clients.classification import CreatedVia
from clients.models.card import CardState, Client, ClientNumbers
from clients.models.categories import Category, CategoryAssignment, DiscountOn
from clients.models.consent import ConsentEntry, ConsentPurpose, ConsentSource, Decision
from clients.models.merging import DuplicateProposal, Likeness, Merge, ProposalState
from clients.models.notes import CarriedService, HealthRecord, Note
from clients.models.rules import ClientRules, IdentityPolicy
from clients.models.search import SearchToken, TokenField

__all__ = [
    "CardState",
    "CarriedService",
    "Category",
    "CategoryAssignment",
    "Client",
    "ClientNumbers",
    "ClientRules",
    "ConsentEntry",
    "ConsentPurpose",
    "ConsentSource",
    "CreatedVia",
    "Decision",
    "DiscountOn",
    "DuplicateProposal",
    "HealthRecord",
    "IdentityPolicy",
    "Likeness",
    "Merge",
    "Note",
    "ProposalState",
    "SearchToken",
    "TokenField",
]
