"""Shops as lines of text and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from orders_tui.services.shops import Connected, ShopStatus


def document(status: ShopStatus) -> dict[str, Any]:
    """A shop as one JSON object."""
    return asdict(status.shop) | {"missing_scopes": dict(status.missing_scopes), "troubles": status.troubles}


def line(status: ShopStatus) -> str:
    """A shop as one line."""
    shop = status.shop
    mode = shop.policies["import_mode"] if shop.state in {"connected", "offline"} else shop.state
    place = " ".join(
        part for part in (shop.region or "no region yet", shop.seller_type.replace("_", "-").lower()) if part
    )
    mark = f"  ! {status.troubles[0]}" if status.troubles else ""
    return f"{shop.tiktok_shop_id:<20} {mode:<12} {place:<16} {shop.timezone:<20} {shop.name}{mark}"


def lines(status: ShopStatus) -> list[str]:
    """A shop with everything about it."""
    shop = status.shop
    worked = ", ".join(f"{name}={word}" for name, word in shop.policies.items() if name != "import_mode")
    told = [
        f"{shop.name} ({shop.tiktok_shop_id})",
        f"  {shop.state}, {shop.policies['import_mode']}s its orders; {worked}",
        f"  market {shop.region or 'not known yet'}, {shop.timezone}, ships from {shop.location}",
    ]
    if shop.grant_state:
        ends = f"ends {_moment(shop.grant_ends_at)}" if shop.grant_ends_at else "has no tokens"
        told.append(f"  authorisation of {shop.seller or 'the seller'}: {shop.grant_state}, {ends}")
        told.append(f"  access token ends {_moment(shop.token_ends_at)}, refreshed {_moment(shop.refreshed_at)}")
    told += [
        f"  {poll.topic}: asked {_moment(poll.polled_at)}, everything known until {_moment(poll.reached)}"
        for poll in shop.polls
    ]
    return [*told, *(f"  ! {trouble}" for trouble in status.troubles)]


def connected_lines(connected: Connected) -> list[str]:
    """What connecting a shop came to, and what comes next."""
    status = connected.status
    shop = status.shop
    what = "connected" if connected.new else "connected again, with the policies it had"
    told = [f"{shop.name} ({shop.tiktok_shop_id}, {shop.region or 'region not known yet'}, {shop.timezone}) {what}"]
    if not shop.region:
        told.append("  It has no region yet: TikTok is still approving it.")
    if shop.policies["import_mode"] == "observe":
        told.append(f"  Its orders are only shown. Load stock, then: orders-tui shop work {shop.tiktok_shop_id}")
    return [*told, *(f"  ! {trouble}" for trouble in status.troubles)]


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else "never"
