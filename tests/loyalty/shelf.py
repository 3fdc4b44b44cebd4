"""Builders of rewards and of what they consist of. To be called in a salon's scope."""

from decimal import Decimal
from typing import Any

from loyalty.eligibility import Matrix
from loyalty.models import Reward
from loyalty.rewards import standard_points
from salon.catalogue.models import ItemKind, Product, Service
from salon.folding import fold
from tests.conftest import NOW


def make_product(name: str = "Haaröl", price: str = "27.50", **given: Any) -> Product:
    """Put a product on the shelf."""
    return Product.objects.create(name=name, name_key=fold(name), price=Decimal(price), created_at=NOW, **given)


def make_reward(
    item: Service | Product, points: int | None = None, matrix: Matrix = Matrix.FIRST_TIME, **given: Any
) -> Reward:
    """Give something for points, the standard if not said otherwise."""
    service, product = (item, None) if isinstance(item, Service) else (None, item)
    return Reward.objects.create(
        kind=ItemKind.SERVICE if service else ItemKind.PRODUCT,
        service=service,
        product=product,
        points=standard_points(item.price) if points is None else points,
        list_price=item.price,
        matrix=matrix,
        created_at=NOW,
        **given,
    )
