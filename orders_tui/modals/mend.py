"""Forms that mend a cause: stock received, products weighed, mapped, declared, an address corrected. The retry is the caller's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import fields, replace
from decimal import Decimal, InvalidOperation

from engine.inventory.product_card import Customs, ProductChange
from engine.orders.views import OrderDetail
from engine.ports.facts import Address
from orders_tui.modals.fields import Field
from orders_tui.modals.question import Question
from orders_tui.state import Session

Typed = Callable[[Mapping[str, str]], Awaitable[str]]
"""Carries out a mend, given what was typed; a sentence of what was done. Raises OrdersError or ValueError, with a sentence."""


class Mend(Question):
    """A question that is fields and nothing else."""

    def __init__(self, session: Session, title: str, form_fields: Sequence[Field], carry: Typed) -> None:
        async def carry_typed(_: str, values: Mapping[str, str]) -> str:
            return await carry(values)

        super().__init__(session, title, carry_typed, fields=form_fields)


def receive_stock(session: Session, sku: str) -> Question:
    """Add units that arrived."""

    async def carry(_: str, values: Mapping[str, str]) -> str:
        quantity = whole_number(values["quantity"], "The quantity")
        stock = await session.services.receive_stock(values["sku"], quantity)
        return f"{quantity:,} of {stock.sku} received, {stock.available:,} available."

    return Question(session, "Receive stock", carry, fields=(Field("sku", "SKU", sku), Field("quantity", "quantity")))


def weigh(session: Session, sku: str) -> Question:
    """Give a product its weight."""

    async def carry(_: str, values: Mapping[str, str]) -> str:
        grams = whole_number(values["grams"], "The weight")
        await session.services.set_weight(values["sku"], grams)
        return f"{values['sku']} weighs {grams:,} g."

    return Question(session, "Weigh the product", carry, fields=(Field("sku", "SKU", sku), Field("grams", "grams")))


def map_sku(session: Session, sku: str) -> Question:
    """Say which product an unknown SKU means."""

    async def carry(_: str, values: Mapping[str, str]) -> str:
        await session.services.products.map(values["sku"], values["product"], retry_failed=False)
        return f"{values['sku']} means {values['product']}."

    fields = (Field("sku", "SKU", sku), Field("product", "product", hint="the SKU of the product it means"))
    return Question(session, "Say which product it is", carry, fields=fields)


def customs(session: Session, sku: str) -> Question:
    """Give a product what a border asks of it."""

    async def carry(_: str, values: Mapping[str, str]) -> str:
        try:
            value = Decimal(values["value"])
        except InvalidOperation:
            raise ValueError(f"The value is an amount such as 12.50; {values['value']!r} is none.") from None
        declared = Customs.of(values["hs"], values["origin"], values["words"], value, values["currency"].upper())
        await session.services.products.set(values["sku"], ProductChange(customs=declared))
        return f"{values['sku']} has its customs data."

    fields = (
        Field("sku", "SKU", sku),
        Field("hs", "HS code", hint="six to ten digits"),
        Field("origin", "made in", hint="two letters, such as PT"),
        Field("words", "goods", hint="what it is, in English"),
        Field("value", "value", hint="of one, such as 12.50"),
        Field("currency", "currency", hint="such as USD"),
    )
    return Question(session, "Enter its customs data", carry, fields=fields)


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


def correct_address(session: Session, order: OrderDetail) -> Question:
    """Replace an order's shipping address, beginning from the present one, as far as it is shown."""
    order_id, order_number, version = order.row.order_id, order.row.order_number, order.row.version
    present = order.address or Address(*([""] * len(fields(Address))))

    async def carry(_: str, values: Mapping[str, str]) -> str:
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
    form = Question(session, f"Correct the address of {order_number}", carry, fields=form_fields)
    form.about_order = order_id
    return form


def whole_number(text: str, what: str) -> int:
    """A number above zero. Raises ValueError with one sentence."""
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError(f"{what} is a whole number above zero, such as 25; {text!r} is not.")
    return int(text)
