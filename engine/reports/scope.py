"""What a report is asked about: a span of time, some shop or creator or carrier, and by what its lines are told apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from engine.identifiers import ShopId, UserId


class By(StrEnum):
    """What a line of a report is about."""

    ALL = "all"
    """One line for everything."""
    DAY = "day"
    SHOP = "shop"
    CREATOR = "creator"
    CARRIER = "carrier"
    """Of the order's first parcel; empty before it has one."""


@dataclass(frozen=True, slots=True)
class Scope:
    """From `since` until just before `until`; days begin at midnight in `zone`."""

    since: datetime
    until: datetime
    by: By = By.ALL
    zone: str = "UTC"
    shop_id: ShopId | None = None
    user_id: UserId | None = None
    carrier: str | None = None

    def arguments(self) -> tuple[object, ...]:
        """The first six parameters of every report's statement."""
        return self.since, self.until, self.zone, self.shop_id, self.user_id, self.carrier

    def order_lines(self, moment: str) -> str:
        """The orders `o` whose `moment` lies in the span, each with `key` and `name` of its line."""
        return f"""
        SELECT o.*, {_LINES[self.by].format(moment=moment, carrier="coalesce(p.carrier, '')")}
        FROM orders o JOIN shops s ON s.id = o.shop_id JOIN users u ON u.id = o.user_id {self._first_parcel()}
        WHERE {moment} >= $1 AND {moment} < $2 AND $3::text IS NOT NULL AND ($4::uuid IS NULL OR o.shop_id = $4)
          AND ($5::uuid IS NULL OR o.user_id = $5) AND {self._of_carrier("coalesce(p.carrier, '')")}
        """  # noqa: S608  # everything that is put in is a constant of ours

    def parcel_lines(self) -> str:
        """The parcels `p` that were labelled in the span, each with `key` and `name` of its line."""
        return f"""
        SELECT p.*, {_LINES[self.by].format(moment="p.labelled_at", carrier="p.carrier")}
        FROM packages p JOIN shops s ON s.id = p.shop_id JOIN users u ON u.id = s.user_id
        WHERE p.labelled_at >= $1 AND p.labelled_at < $2 AND $3::text IS NOT NULL AND ($4::uuid IS NULL OR p.shop_id = $4)
          AND ($5::uuid IS NULL OR s.user_id = $5) AND ($6::text IS NULL OR p.carrier = $6)
        """  # noqa: S608

    def _first_parcel(self) -> str:
        if self.by is not By.CARRIER and self.carrier is None:
            return ""
        return """
        LEFT JOIN LATERAL (
            SELECT p.carrier FROM package_items c JOIN packages p ON p.id = c.package_id
            WHERE c.order_id = o.id AND p.carrier <> '' ORDER BY p.id LIMIT 1) p ON true
        """

    def _of_carrier(self, column: str) -> str:
        return "$6::text IS NULL" if self.carrier is None else f"{column} = $6::text"


_LINES: Final = {
    By.ALL: "'' AS key, 'all' AS name",
    By.DAY: "to_char({moment} AT TIME ZONE $3, 'YYYY-MM-DD') AS key, to_char({moment} AT TIME ZONE $3, 'YYYY-MM-DD') AS name",
    By.SHOP: "s.id::text AS key, s.name AS name",
    By.CREATOR: "u.id::text AS key, u.display_name AS name",
    By.CARRIER: "{carrier} AS key, {carrier} AS name",
}
