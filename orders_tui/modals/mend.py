"""Forms that mend a cause: receive stock, weigh a product, correct an address. The retry is the caller's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields, replace

from textual import work
from textual.app import ComposeResult
from textual.widgets import Input

from engine.orders.views import OrderDetail
from engine.ports.facts import Address
from orders_tui.modals.fields import Field, field_lines, values_of
from orders_tui.modals.form import Form
from orders_tui.state import Session

Carry = Callable[[Mapping[str, str]], Awaitable[str]]
"""Carries out a mend; a sentence of what was done. Raises OrdersError or ValueError, with a sentence."""


class Mend(Form[str]):
    """Fields and one write; closes with the sentence of what was done, or None."""

    def __init__(self, session: Session, title: str, form_fields: tuple[Field, ...], carry: Carry) -> None:
        super().__init__(session, title)
        self._form_fields = form_fields
        self._carry = carry

    def body(self) -> ComposeResult:
        yield from field_lines(self._form_fields)

    def on_mount(self) -> None:
        super().on_mount()
        first = next(
            (field for field in self._form_fields if not field.value and not field.optional), self._form_fields[0]
        )
        self.set_focus(self.query_one(f"#{first.name}", Input))

    def do_confirm(self) -> None:
        try:
            values = values_of(self, self._form_fields)
        except ValueError as error:
            self.complain(str(error))
            return
        self.carry_out(values)

    @work(group="mend", exclusive=True, exit_on_error=False)
    async def carry_out(self, values: Mapping[str, str]) -> None:
        try:
            done = await self._carry(values)
        except ValueError as error:
            self.complain(str(error))
            return
        self.close(done)


def receive_stock(session: Session, sku: str) -> Mend:
    """Add units that arrived."""

    async def carry(values: Mapping[str, str]) -> str:
        quantity = whole_number(values["quantity"], "The quantity")
        stock = await session.services.receive_stock(values["sku"], quantity)
        return f"{quantity:,} of {stock.sku} received, {stock.available:,} available."

    return Mend(session, "Receive stock", (Field("sku", "SKU", sku), Field("quantity", "quantity")), carry)


def weigh(session: Session, sku: str) -> Mend:
    """Give a product its weight."""

    async def carry(values: Mapping[str, str]) -> str:
        grams = whole_number(values["grams"], "The weight")
        await session.services.set_weight(values["sku"], grams)
        return f"{values['sku']} weighs {grams:,} g."

    return Mend(session, "Weigh the product", (Field("sku", "SKU", sku), Field("grams", "grams")), carry)


_ADDRESS_LABELS = {
    "name": "name",
    "phone": "phone",
    "line1": "street",
    "line2": "more",
    "city": "city",
    "state": "state",
    "postal_code": "postcode",
    "country": "country",
}
_ADDRESS_OPTIONAL = frozenset({"phone", "line2", "state"})


def correct_address(session: Session, order: OrderDetail) -> Mend:
    """Replace an order's shipping address, beginning from the present one, as far as it is shown."""
    order_id, order_number, version = order.row.order_id, order.row.order_number, order.row.version
    present = order.address or Address(*([""] * len(fields(Address))))

    async def carry(values: Mapping[str, str]) -> str:
        country = values["country"].upper()
        if len(country) != 2 or not country.isalpha():
            raise ValueError("The country is its two letters, such as US or GB.")
        corrected = replace(present, **{**values, "country": country})
        await session.services.correct_address(order_id, corrected, expected_version=version)
        return f"{order_number} goes to the corrected address."

    form_fields = tuple(
        Field(name, label, getattr(present, name), optional=name in _ADDRESS_OPTIONAL)
        for name, label in _ADDRESS_LABELS.items()
    )
    return Mend(session, f"Correct the address of {order_number}", form_fields, carry)


def whole_number(text: str, what: str) -> int:
    """A number above zero. Raises ValueError with one sentence."""
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError(f"{what} is a whole number above zero, such as 25; {text!r} is not.")
    return int(text)
