"""What widgets tell their screen. Those that can pile up give way to the newest."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from textual.message import Message

from engine.identifiers import OrderId
from engine.orders.views import OrderFilter


class Latest(Message):
    """A message of which only the newest matters."""

    def can_replace(self, message: Message) -> bool:
        return type(message) is type(self)


class PagesWanted(Latest):
    """The table is about to draw rows that it has not got."""


class CursorMoved(Latest):
    """The table's cursor stands on another order, or on none that is known yet."""

    def __init__(self, order_id: OrderId | None) -> None:
        super().__init__()
        self.order_id = order_id


class LineMoved(Latest):
    """A list's cursor stands on another row, or on none that is known yet."""

    def __init__(self, row_id: Hashable | None) -> None:
        super().__init__()
        self.row_id = row_id


class MarksChanged(Latest):
    """Some order was marked or unmarked."""


class RowClicked(Message):
    """The mouse asked to open the row under the cursor."""


class SearchChanged(Latest):
    """The search field holds another phrase."""

    def __init__(self, phrase: str) -> None:
        super().__init__()
        self.phrase = phrase


class SearchLeft(Message):
    """The search field is done with: by enter, which keeps the phrase, or by escape, which clears it."""

    def __init__(self, *, keep: bool) -> None:
        super().__init__()
        self.keep = keep


class OrdersAsked(Message):
    """Show the orders table, narrowed to `order_filter` and named `title`, with the cursor on one order if given.

    `opened`: with that order's pane open.
    """

    def __init__(
        self, order_filter: OrderFilter, title: str, order_id: OrderId | None = None, *, opened: bool = False
    ) -> None:
        super().__init__()
        self.order_filter = order_filter
        self.title = title
        self.order_id = order_id
        self.opened = opened


class Scanned(Message):
    """A scanner read this code, or it was pasted where there is no text field; cleaned."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class RoomChanged(Latest):
    """A panel has become wider or narrower than its lines were written for."""


class EdgeReached(Message):
    """The cursor of a list wants to go beyond its last line (1) or its first (-1)."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.step = step


class OrdersMarked(Message):
    """Show exactly these orders in the table, all of them marked; `title` says what they are."""

    def __init__(self, order_ids: Sequence[OrderId], title: str) -> None:
        super().__init__()
        self.order_ids = tuple(order_ids)
        self.title = title


class LinkFollowed(Message):
    """Show the order of this number, which the one on screen leads to."""

    def __init__(self, order_number: str) -> None:
        super().__init__()
        self.order_number = order_number
