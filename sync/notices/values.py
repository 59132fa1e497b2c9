"""What each notice may say: the values that its template has. Required ones are always given; without an optional one it is empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class NoticeValues:
    """The values of the notice `name`."""

    name: str
    required: frozenset[str]
    optional: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        return self.required | self.optional


def _notice(name: str, required: str, optional: str = "") -> NoticeValues:
    return NoticeValues(name, frozenset(required.split()), frozenset(optional.split()))


VALUES: Final[Mapping[str, NoticeValues]] = {
    values.name: values
    for values in (
        _notice("order_rejected", "order shop reason"),
        _notice("out_of_stock", "order shop missing alternatives"),
        _notice("order_shipped", "order shop carrier tracking_number"),
        _notice("order_cancelled", "order shop", "reason"),
        _notice("review_request", "order shop"),
        _notice("delivery_exception", "order shop", "carrier tracking_number detail"),
        _notice("return_update", "order shop", "status detail"),
        _notice("pick_list", "orders units location items"),
        _notice("failure", "orders code cause mend fingerprint"),
        _notice("alert", "orders code cause mend fingerprint"),
        _notice("alert_critical", "alert sentence mend since"),
        _notice("alert_warning", "alert sentence mend since"),
        _notice("alert_over", "alert sentence fired over"),
        _notice("rule", "order shop rule text"),
        _notice("rule_broken", "rule error"),
        _notice("grant_ending", "seller shops ends left"),
        _notice("grant_revoked", "seller shops why"),
        _notice("low_stock", "products items"),
        _notice("oversold", "products items"),
        _notice("burst", "count subject lines"),
        _notice("test", "label"),
    )
}

LAYOUT: Final = _notice("layout", "subject paragraphs")
"""The page around the words of every notice that has no HTML file of its own."""
