"""Which shops a grant covers: one, or several of a seller who sells across borders."""

from __future__ import annotations

from dataclasses import dataclass, field

from sync.tiktok.client import TikTokClient
from sync.tiktok.reading import objects, text


@dataclass(frozen=True, slots=True)
class AuthorizedShop:
    """One shop of the grant. `region` may be empty while a shop awaits approval."""

    tiktok_shop_id: str
    name: str
    region: str
    cipher: str = field(repr=False)
    seller_type: str = ""
    """`LOCAL` or `CROSS_BORDER`."""


async def authorized_shops(client: TikTokClient) -> tuple[AuthorizedShop, ...]:
    """The shops that the client's grant covers."""
    data = await client.call("authorization.shops")
    return tuple(
        AuthorizedShop(
            text(shop, "id"), text(shop, "name"), text(shop, "region"), text(shop, "cipher"), text(shop, "seller_type")
        )
        for shop in objects(data, "shops")
    )
