"""What puts an order on a pile: for each pile one SQL condition on `orders o`, and the deadline that presses.

Counts and filtered tables use the same text, so that a pile never opens on other rows than it counted.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.orders.views import Pile

SHIP_BY = "coalesce(o.expected_ship_date, '9999-01-01 00:00+00'::timestamptz)"
"""An order without a ship-by sorts last (a finite date: Python has no infinite one)."""

UNSHIPPED = "o.order_status IN ('pending', 'confirmed', 'processing')"
"""Neither gone nor cancelled: the predicate of the partial index on the ship-by."""

DUE = f"CASE WHEN {UNSHIPPED} THEN {SHIP_BY} ELSE '9999-01-01 00:00+00'::timestamptz END"
"""What still has to leave by its ship-by, then everything else: what a list is sorted by, and its index's expression."""

IN_WORK = "EXISTS (SELECT FROM work k WHERE k.order_id = o.id)"
"""Open: a closed order has no work."""

_FAILED_WITH = "o.id IN (SELECT f.order_id FROM failures f WHERE f.resolved_at IS NULL{0})"

LABEL_CODES = ("bad_address", "missing_weight", "no_rates", "carrier_refused", "carrier_credentials")
"""Failures that stand between a reserved order and its label."""


@dataclass(frozen=True, slots=True)
class PileRule:
    """`condition` over `orders o`; `deadline` is an expression of the same row, null for none."""

    condition: str
    deadline: str = "o.expected_ship_date"
    time: str = ""
    """For a pile of unshipped orders at work, told by a deadline alone: what the deadline has to be."""


def _by_time(time: str, deadline: str = "o.expected_ship_date") -> PileRule:
    return PileRule(f"{UNSHIPPED} AND {time} AND {IN_WORK}", deadline, time)


_LABEL_CODES_LIST = ", ".join(f"'{code}'" for code in LABEL_CODES)

RULES: dict[Pile, PileRule] = {
    Pile.DUE_SOON: _by_time(f"{SHIP_BY} >= now() AND {SHIP_BY} < now() + interval '24 hours'"),
    Pile.AUTO_CANCEL_SOON: _by_time(
        "o.auto_cancel_at >= now() AND o.auto_cancel_at < now() + interval '24 hours'", "o.auto_cancel_at"
    ),
    Pile.OVERDUE: _by_time(f"{SHIP_BY} < now()"),
    Pile.CANCEL_REQUESTED: PileRule(f"o.cancel_requested AND {IN_WORK}"),
    Pile.ON_HOLD: PileRule(f"o.id IN (SELECT h.order_id FROM holds h WHERE h.released_at IS NULL) AND {IN_WORK}"),  # noqa: S608
    Pile.OUT_OF_STOCK: PileRule(
        "o.id IN (SELECT k.order_id FROM work k WHERE k.waiting_for = 'stock' UNION ALL"
        " SELECT f.order_id FROM failures f WHERE f.resolved_at IS NULL AND f.code = 'out_of_stock')"
    ),
    Pile.FAILED: PileRule(_FAILED_WITH.format(" AND (f.snoozed_until IS NULL OR f.snoozed_until <= now())")),
    Pile.LABEL_PROBLEM: PileRule(_FAILED_WITH.format(f" AND f.code IN ({_LABEL_CODES_LIST})")),
    Pile.DELIVERY_EXCEPTION: PileRule(
        "o.id IN (SELECT pi.order_id FROM packages p JOIN package_items pi ON pi.package_id = p.id"
        " WHERE p.tracking_status IN ('returning', 'failed') AND p.state <> 'voided')"
    ),
    Pile.RETURN_REQUESTED: PileRule(
        "o.id IN (SELECT r.order_id FROM returns r WHERE r.channel_status LIKE '%REQUEST_PENDING')",
        "(SELECT min(r.respond_by) FROM returns r WHERE r.order_id = o.id)",
    ),
}
