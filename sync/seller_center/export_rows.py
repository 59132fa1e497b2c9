"""One row of an order export: one SKU of one order, as the market wrote it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from engine.errors import Refused
from engine.orders.plain_text import plain as printable
from engine.words import ChannelStatus
from sync.seller_center.cells import read_id, read_money, read_quantity
from sync.seller_center.markets import DateOrder, Market, country_code, parse_moment
from sync.seller_center.words import Words, plain

TIMES = ("created_time", "paid_time", "rts_time", "shipped_time", "delivered_time", "cancelled_time")
_SEVERAL = re.compile(r"[\s,;/|]+")
_LONGEST_SKU = 100
_AHEAD = timedelta(hours=26)
"""More than the widest clock of any zone is ahead of another's: a file this far ahead was read with the wrong zone or order."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the cells of one file are to be read."""

    words: Words
    market: Market
    order: DateOrder
    zone: ZoneInfo
    places: Mapping[str, int]
    width: int


@dataclass(frozen=True, slots=True)
class ExportRow:
    """What one row says. `texts` are its other columns by name, as they are."""

    number: int
    order_id: str
    sku_id: str
    seller_sku: str
    product_name: str
    variation: str
    quantity: int
    unit_price: Decimal | None
    status: ChannelStatus
    currency: str
    order_amount: Decimal | None
    shipping_fee: Decimal | None
    moments: Mapping[str, datetime]
    package_ids: tuple[str, ...]
    tracking_ids: tuple[str, ...]
    texts: Mapping[str, str]


def order_id_cell(places: Mapping[str, int], cells: Sequence[str]) -> str:
    """The order id's cell, as it is."""
    place = places["order_id"]
    return cells[place] if place < len(cells) else ""


def is_description(places: Mapping[str, int], cells: Sequence[str]) -> bool:
    """Whether the row describes the columns: it has a digit neither for an order id nor for a quantity."""
    quantity = cells[places["quantity"]] if places["quantity"] < len(cells) else ""
    return not any(map(str.isdigit, order_id_cell(places, cells) + quantity))


def read_row(dialect: Dialect, number: int, cells: Sequence[str], *, now: datetime) -> ExportRow:
    """Read one row. Raises Refused with what is wrong with it, as half a sentence that never repeats what is personal."""
    extra = [cell for cell in cells[dialect.width :] if cell]
    if extra:
        raise Refused("import.bad_row", "it has more cells than there are columns: a comma or a quote is loose")
    places = dialect.places

    def text(column: str) -> str:
        place = places.get(column)
        return cells[place] if place is not None and place < len(cells) else ""

    order_id = read_id(text("order_id"), "Order ID")
    sku_id = read_id(text("sku_id"), "SKU ID") if text("sku_id") else ""
    seller_sku = text("seller_sku")
    if len(seller_sku) > _LONGEST_SKU:
        raise Refused("import.bad_sku", f"its Seller SKU is longer than {_LONGEST_SKU} characters")
    for column in ("order_status", "created_time", "quantity", "product_name"):
        if not text(column):
            raise Refused("import.empty_cell", f"{dialect.words.titles[column]} is empty")
    if not sku_id and not seller_sku:
        raise Refused("import.empty_cell", "it has neither Seller SKU nor SKU ID")
    quantity = read_quantity(text("quantity"))
    subtotal, currency = read_money(text("subtotal_after"), dialect.market.decimal)
    original, _ = read_money(text("unit_price"), dialect.market.decimal)
    amount, amount_currency = read_money(text("order_amount"), dialect.market.decimal)
    fee, _ = read_money(text("shipping_fee"), dialect.market.decimal)
    return ExportRow(
        number=number,
        order_id=order_id,
        sku_id=sku_id,
        seller_sku=seller_sku,
        product_name=text("product_name")[:255],
        variation=text("variation")[:255],
        quantity=quantity,
        unit_price=original if subtotal is None else (subtotal / quantity).quantize(Decimal("0.01")),
        status=_status(dialect.words, text("order_status"), text("order_substatus")),
        currency=_currency(text("currency")) or amount_currency or currency or dialect.market.currency,
        order_amount=amount,
        shipping_fee=fee,
        moments=_moments(dialect, text, now),
        package_ids=_several(text("package_id")),
        tracking_ids=_several(text("tracking_id")),
        texts={column: text(column) for column in _KEPT if text(column)}
        | {"country": country_code(text("country"), dialect.market)},
    )


_KEPT = (
    "cancel_reason", "fulfillment_type", "delivery_type", "delivery_option", "provider", "buyer_message", "seller_note", "recipient",
    "phone", "state", "city", "district", "village", "postal_code", "detail_address", "additional_address", "house", "payment_method",
    "preorder",
)  # fmt: skip


def _status(words: Words, status: str, substatus: str) -> ChannelStatus:
    found = words.statuses.get(plain(substatus)) or words.statuses.get(plain(status))
    # A cancelled order's substatus may still tell where it was.
    if words.statuses.get(plain(status)) is ChannelStatus.CANCELLED:
        found = ChannelStatus.CANCELLED
    if found is None:
        shown = printable(status)[:40]
        raise Refused(
            "import.unknown_status",
            f"the Order Status {shown!r} is not known: name it in a file given with --words",
        )
    return found


def _moments(dialect: Dialect, text: Callable[[str], str], now: datetime) -> dict[str, datetime]:
    moments: dict[str, datetime] = {}
    for column in TIMES:
        value = text(column)
        if not value or value in {"-", "--", "/"}:
            continue
        moment = parse_moment(value, dialect.order, dialect.zone)
        if moment is None:
            raise Refused("import.bad_time", f"{dialect.words.titles[column]} {printable(value)[:30]!r} is no date")
        if moment > now + _AHEAD:
            raise Refused(
                "import.future",
                f"{dialect.words.titles[column]} lies in the future: check the market and the shop's zone",
            )
        moments[column] = moment.astimezone(UTC)
    if "created_time" not in moments:
        raise Refused("import.empty_cell", f"{dialect.words.titles['created_time']} is empty")
    return moments


def _currency(text: str) -> str:
    return text.upper() if len(text) == 3 and text.isascii() and text.isalpha() else ""


def _several(text: str) -> tuple[str, ...]:
    """The ids in a cell that may hold several."""
    return tuple(part for part in _SEVERAL.split(text) if part and part not in {"-", "--"})
