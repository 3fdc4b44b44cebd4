"""Sales: what was sold, what was paid, what was given back (domain.md §6)."""

from django.db import models
from django.db.models import ExpressionWrapper, F, Q
from django.utils.translation import gettext_lazy as _

from bookings.checkout.pricing import NOTHING, LineKind
from bookings.models.appointments import Appointment, AppointmentItem
from clients.models import Client
from loyalty.models import Redemption
from salon.catalogue.models import Product, Service, StaffMember
from salon.fields import MoneyField, optional_money
from salon.identity.roles import ActorKind
from salon.tenancy.constraints import SalonReference, owned_by_salon
from salon.tenancy.models import SalonOwned


class SaleState(models.TextChoices):
    """How far a sale is."""

    OPEN = "OPEN", _("Still open")
    PAID = "PAID", _("Paid")
    PARTLY_REFUNDED = "PARTLY_REFUNDED", _("Partly refunded")
    REFUNDED = "REFUNDED", _("Refunded")
    VOID = "VOID", _("Void")


class Sale(SalonOwned):
    """One purchase of a client, or of somebody without a card: lines, payments, one state (domain.md §6).

    An open one of an appointment has its items as lines and follows them until it is paid; then everything about it is
    final, `number` is that of its receipt, and refunds or a void correct it. `total` is the sum of its lines, `paid`
    that of the payments that stand, `refunded` what was given back. `points_earned` is what it has brought the client
    in all, less what refunds took, by the rates of `rules_version`. An appointment that takes place after all once its
    money went back is charged anew: what was bought with it stays on the sale before, which `was_for` it.
    """

    number = models.PositiveIntegerField(null=True, blank=True)
    client = models.ForeignKey(
        Client,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="sales",
    )
    appointment = models.ForeignKey(
        Appointment,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="sales",
    )
    was_for = models.ForeignKey(
        Appointment,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="earlier_sales",
    )
    state = models.CharField(max_length=20, choices=SaleState, default=SaleState.OPEN)
    total = MoneyField(default=NOTHING)
    paid = MoneyField(default=NOTHING)
    refunded = MoneyField(default=NOTHING)
    points_earned = models.IntegerField(default=0)
    rules_version = models.PositiveIntegerField(null=True, blank=True)
    opened_by_name = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    # The instant it was fully paid, and the salon's date of it.
    paid_at = models.DateTimeField(null=True, blank=True)
    paid_on = models.DateField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    void_reason = models.CharField(max_length=200, blank=True)
    # Void because its appointment was cancelled or missed: it comes back with it.
    lapsed = models.BooleanField(default=False, db_default=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            *owned_by_salon("bookings_sale"),
            SalonReference("client", name="bookings_sale_client"),
            SalonReference("appointment", name="bookings_sale_appointment"),
            SalonReference("was_for", name="bookings_sale_was_for"),
            models.UniqueConstraint(fields=["salon", "number"], name="bookings_sale_number"),
            models.UniqueConstraint(
                fields=["salon", "appointment"],
                condition=~Q(state=SaleState.VOID),
                name="bookings_sale_of_appointment_once",
            ),
            models.CheckConstraint(
                condition=Q(total__gte=0, paid__gte=0, refunded__gte=0), name="bookings_sale_amounts"
            ),
            models.CheckConstraint(condition=Q(refunded__lte=F("paid")), name="bookings_sale_refunded"),
            models.CheckConstraint(
                condition=Q(state__in=[SaleState.OPEN, SaleState.VOID])
                | Q(paid_at__isnull=False, paid_on__isnull=False, number__isnull=False, paid__gte=F("total")),
                name="bookings_sale_paid",
            ),
            models.CheckConstraint(
                condition=Q(state=SaleState.VOID, voided_at__isnull=False)
                | Q(~Q(state=SaleState.VOID), voided_at=None, void_reason=""),
                name="bookings_sale_void",
            ),
            models.CheckConstraint(
                condition=Q(lapsed=False) | Q(state=SaleState.VOID, appointment__isnull=False),
                name="bookings_sale_lapsed",
            ),
        ]
        indexes = [
            models.Index(fields=["salon", "created_at", "id"], name="bookings_sale_by_age"),
            models.Index(fields=["salon", "client", "created_at"], name="bookings_sale_of_client"),
            models.Index(fields=["salon", "paid_on", "id"], name="bookings_sale_by_day"),
            # What all clients have spent, without the rows.
            models.Index(
                fields=["salon", "client", "paid_on"],
                include=["id", "total", "refunded"],
                condition=Q(client__isnull=False, state__in=[SaleState.PAID, SaleState.PARTLY_REFUNDED]),
                name="bookings_sale_spent",
            ),
            models.Index(
                fields=["salon", "appointment"],
                condition=Q(appointment__isnull=False),
                name="bookings_sale_of_appointment",
            ),
            models.Index(fields=["salon", "was_for"], condition=Q(was_for__isnull=False), name="bookings_sale_earlier"),
            models.Index(fields=["salon", "id"], condition=Q(state=SaleState.OPEN), name="bookings_sale_open"),
            models.Index(fields=["salon", "voided_at"], condition=Q(state=SaleState.VOID), name="bookings_sale_voided"),
        ]

    def __str__(self) -> str:
        return f"{self.number or self.pk}: {self.total}"


class SaleLine(SalonOwned):
    """Some of one thing in a sale.

    Prices are for one unit: `list_price`, `offer_price` where an offer holds, `own_price` where one was given by hand;
    `unit_price` is the one that counts. `discount` is what the best category takes off the whole line, `final_price`
    what the whole line costs. `item` is the appointment's item that it charges, `redemption` what a reward was given
    for, `staff` who has done or sold it, or whose tip it is. `refunded` and `refunded_amount` say how many
    units were given back, and for how much.
    """

    sale = models.ForeignKey(Sale, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="lines")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=LineKind)
    service = models.ForeignKey(
        Service, null=True, blank=True, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    item = models.ForeignKey(
        AppointmentItem,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="sale_lines",
    )
    redemption = models.ForeignKey(
        Redemption,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    staff = models.ForeignKey(
        StaffMember,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    # As it was sold; a tip and a voucher have none.
    name = models.CharField(max_length=120)
    quantity = models.PositiveSmallIntegerField(default=1)
    list_price = MoneyField()
    offer_price = optional_money()
    own_price = optional_money()
    unit_price = MoneyField()
    discount_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    discount = MoneyField(default=NOTHING)
    discount_reason = models.CharField(max_length=120, blank=True)
    final_price = MoneyField()
    vat_rate = models.DecimalField(max_digits=4, decimal_places=2)
    points_override = models.PositiveIntegerField(null=True, blank=True)
    refunded = models.PositiveSmallIntegerField(default=0)
    refunded_amount = MoneyField(default=NOTHING)

    class Meta:
        constraints = [
            *owned_by_salon("bookings_saleline"),
            SalonReference("sale", name="bookings_saleline_sale", cascade=True),
            SalonReference("service", name="bookings_saleline_service"),
            SalonReference("product", name="bookings_saleline_product"),
            SalonReference("item", name="bookings_saleline_item"),
            SalonReference("redemption", name="bookings_saleline_redemption"),
            SalonReference("staff", name="bookings_saleline_staff"),
            models.UniqueConstraint(
                fields=["salon", "sale", "position"],
                name="bookings_saleline_position",
                deferrable=models.Deferrable.IMMEDIATE,
            ),
            models.CheckConstraint(
                condition=Q(kind=LineKind.SERVICE, service__isnull=False, product=None, redemption=None)
                | Q(kind=LineKind.PRODUCT, service=None, product__isnull=False, redemption=None)
                | (
                    Q(kind=LineKind.REWARD, redemption__isnull=False, final_price=0)
                    & (Q(service__isnull=False, product=None) | Q(service=None, product__isnull=False))
                )
                | Q(kind__in=[LineKind.TIP, LineKind.VOUCHER], service=None, product=None, redemption=None),
                name="bookings_saleline_kind",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, list_price__gte=0, unit_price__gte=0, discount__gte=0, final_price__gte=0),
                name="bookings_saleline_amounts",
            ),
            models.CheckConstraint(
                condition=Q(kind=LineKind.REWARD)
                | Q(
                    final_price=ExpressionWrapper(
                        F("unit_price") * F("quantity") - F("discount"), output_field=models.BigIntegerField()
                    )
                ),
                name="bookings_saleline_sum",
            ),
            models.CheckConstraint(
                condition=Q(refunded__lte=F("quantity"), refunded_amount__lte=F("final_price")),
                name="bookings_saleline_refunded",
            ),
        ]
        indexes = [
            models.Index(fields=["salon", "service"], name="bookings_line_of_service"),
            models.Index(fields=["salon", "product"], name="bookings_line_of_product"),
            models.Index(fields=["salon", "item"], condition=Q(item__isnull=False), name="bookings_line_of_item"),
            # Tips and vouchers.
            models.Index(
                fields=["salon", "sale"],
                include=["final_price"],
                condition=Q(service=None, product=None),
                name="bookings_line_besides",
            ),
            models.Index(
                fields=["salon", "redemption"],
                condition=Q(redemption__isnull=False),
                name="bookings_line_of_redemption",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.label}"

    @property
    def label(self) -> str:
        """What it is called: what was sold, or, of a tip or a voucher, that it is one."""
        return self.name or str(LineKind(self.kind).label)


class Method(models.TextChoices):
    """How money changes hands; CASH and VOUCHER only where the salon's till is this software."""

    CARD = "CARD", _("Card")
    TRANSFER = "TRANSFER", _("Transfer")
    VOUCHER = "VOUCHER", _("Voucher")
    EXTERNAL_TILL = "EXTERNAL_TILL", _("Own till")
    CASH = "CASH", _("Cash")


class PaymentKind(models.TextChoices):
    """Whether something was paid at the end, or for an appointment beforehand."""

    PAYMENT = "PAYMENT", _("Payment")
    DEPOSIT = "DEPOSIT", _("Deposit")


class Payment(SalonOwned):
    """Money for a sale; with `removed_at` it was taken back before the sale was paid, by mistake or change of mind, by
    whom `removed_by` says."""

    sale = models.ForeignKey(
        Sale, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="payments"
    )
    kind = models.CharField(max_length=10, choices=PaymentKind, default=PaymentKind.PAYMENT)
    method = models.CharField(max_length=20, choices=Method)
    amount = MoneyField()
    reference = models.CharField(max_length=80, blank=True)
    taken_at = models.DateTimeField()
    taken_on = models.DateField()
    actor_kind = models.CharField(max_length=10, choices=ActorKind)
    actor_id = models.UUIDField(null=True, blank=True)
    actor_name = models.CharField(max_length=120)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.CharField(max_length=120, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            *owned_by_salon("bookings_payment"),
            SalonReference("sale", name="bookings_payment_sale"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="bookings_payment_amount"),
        ]
        indexes = [
            models.Index(fields=["salon", "sale", "taken_at"], name="bookings_payment_of_sale"),
            models.Index(fields=["salon", "taken_on", "id"], name="bookings_payment_by_day"),
            models.Index(
                fields=["salon", "removed_at"], condition=Q(removed_at__isnull=False), name="bookings_payment_removed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.amount}"


class RefundKind(models.TextChoices):
    """What was given back: lines, a deposit of what was cancelled, or a sale that was void."""

    LINES = "LINES", _("Refund")
    DEPOSIT = "DEPOSIT", _("Appointment called off")
    VOID = "VOID", _("Void")


class Refund(SalonOwned):
    """Money given back for a sale, with the points that went with it (0 or more, taken from the client).

    With `removed_at` it was taken back, by whom `removed_by` says: the cancellation that it came with was undone.
    """

    sale = models.ForeignKey(
        Sale, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="refunds"
    )
    kind = models.CharField(max_length=10, choices=RefundKind)
    method = models.CharField(max_length=20, choices=Method)
    amount = MoneyField()
    points = models.IntegerField(default=0)
    reference = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    refunded_at = models.DateTimeField()
    refunded_on = models.DateField()
    actor_kind = models.CharField(max_length=10, choices=ActorKind)
    actor_id = models.UUIDField(null=True, blank=True)
    actor_name = models.CharField(max_length=120)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.CharField(max_length=120, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            *owned_by_salon("bookings_refund"),
            SalonReference("sale", name="bookings_refund_sale"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="bookings_refund_amount"),
        ]
        indexes = [
            models.Index(fields=["salon", "sale", "refunded_at"], name="bookings_refund_of_sale"),
            models.Index(fields=["salon", "refunded_on", "id"], name="bookings_refund_by_day"),
            models.Index(
                fields=["salon", "removed_at"], condition=Q(removed_at__isnull=False), name="bookings_refund_removed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class RefundLine(SalonOwned):
    """How many units of one line a refund took back, and for how much."""

    refund = models.ForeignKey(
        Refund, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="lines"
    )
    line = models.ForeignKey(
        SaleLine, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="refund_lines"
    )
    quantity = models.PositiveSmallIntegerField()
    amount = MoneyField()

    class Meta:
        constraints = [
            *owned_by_salon("bookings_refundline"),
            SalonReference("refund", name="bookings_refundline_refund"),
            SalonReference("line", name="bookings_refundline_line"),
            models.UniqueConstraint(fields=["salon", "refund", "line"], name="bookings_refundline_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0, amount__gte=0), name="bookings_refundline_amounts"),
        ]
        indexes = [models.Index(fields=["salon", "line"], name="bookings_refundline_of_line")]

    def __str__(self) -> str:
        return f"{self.quantity}: {self.amount}"
