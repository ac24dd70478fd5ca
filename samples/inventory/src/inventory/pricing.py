"""Prices in whole cents."""

QUANTITY_DISCOUNTS = ((100, 12), (25, 7), (10, 3))
"""Pieces from which a discount applies, and the discount in per cent; the largest first."""


def discount_percent(quantity: int) -> int:
    """The discount for this many pieces: 3 % from 10, 7 % from 25, 12 % from 100."""
    return next((percent for pieces, percent in QUANTITY_DISCOUNTS if quantity >= pieces), 0)


def order_total_cents(unit_price_cents: int, quantity: int, *, express: bool = False) -> int:
    """What the customer pays, with discount and, for express orders, the surcharge of 1,490 cents."""
    goods = unit_price_cents * quantity
    reduced = goods - goods * discount_percent(quantity) // 100
    return reduced + (1490 if express else 0)
