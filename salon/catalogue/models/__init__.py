"""What a salon sells and who does it (domain.md §5)."""

from salon.catalogue.models.goods import CatalogueGroup, ItemKind, Product, Service, SpecialOffer
from salon.catalogue.models.hours import (
    Absence,
    AbsenceKind,
    Closure,
    HolidayRules,
    OpenDay,
    Schedule,
    ScheduleInterval,
)
from salon.catalogue.models.staff import StaffMember, StaffService

__all__ = [
    "Absence",
    "AbsenceKind",
    "CatalogueGroup",
    "Closure",
    "HolidayRules",
    "ItemKind",
    "OpenDay",
    "Product",
    "Schedule",
    "ScheduleInterval",
    "Service",
    "SpecialOffer",
    "StaffMember",
    "StaffService",
]
