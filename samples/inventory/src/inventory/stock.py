"""Stock of one warehouse. A reservation holds goods for an order until it is shipped, released or too old."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

RESERVATION_LIFETIME = timedelta(minutes=45)


class OutOfStockError(Exception):
    """fewer pieces are free than were asked for"""


@dataclass(frozen=True)
class Reservation:
    id: UUID
    sku: str
    quantity: int
    expires_at: datetime


@dataclass
class Warehouse:
    """Pieces on the shelf by article number, and the reservations that hold some of them."""

    on_hand: dict[str, int] = field(default_factory=dict)
    reservations: dict[UUID, Reservation] = field(default_factory=dict)

    def receive(self, sku: str, quantity: int) -> None:
        """Adds delivered pieces to the shelf."""
        self.on_hand[sku] = self.on_hand.get(sku, 0) + quantity

    def free(self, sku: str) -> int:
        """Pieces on the shelf that no reservation holds."""
        held = sum(r.quantity for r in self.reservations.values() if r.sku == sku)
        return self.on_hand.get(sku, 0) - held

    def reserve_stock(self, sku: str, quantity: int, now: datetime) -> Reservation:
        """Holds pieces for an order for 45 minutes.

        Raises: OutOfStockError when too few pieces are free.
        """
        self.drop_expired(now)
        if self.free(sku) < quantity:
            raise OutOfStockError(f"{sku}: asked for {quantity}, free are {self.free(sku)}")
        reservation = Reservation(uuid4(), sku, quantity, now + RESERVATION_LIFETIME)
        self.reservations[reservation.id] = reservation
        return reservation

    def release(self, reservation_id: UUID) -> None:
        """Gives the held pieces back, for instance when an order is cancelled."""
        self.reservations.pop(reservation_id, None)

    def ship(self, reservation_id: UUID) -> None:
        """Takes the held pieces off the shelf."""
        reservation = self.reservations.pop(reservation_id)
        self.on_hand[reservation.sku] -= reservation.quantity

    def drop_expired(self, now: datetime) -> None:
        """Forgets the reservations whose time is up."""
        self.reservations = {key: r for key, r in self.reservations.items() if r.expires_at > now}
