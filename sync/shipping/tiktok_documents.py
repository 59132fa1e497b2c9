"""What TikTok prints for a package: labels, packing slips, and the like, by type, size and format."""

from __future__ import annotations

from enum import StrEnum

from engine.errors import Retryable, Terminal
from sync.shipping.port import MEDIA_TYPES, Label, LabelFormat
from sync.tiktok.connected import ConnectedShop

ZPL_MARKETS = frozenset({"BR", "MX"})


class TikTokDocument(StrEnum):
    """TikTok's types of documents."""

    SHIPPING_LABEL = "SHIPPING_LABEL"
    PACKING_SLIP = "PACKING_SLIP"
    SHIPPING_LABEL_AND_PACKING_SLIP = "SHIPPING_LABEL_AND_PACKING_SLIP"
    SHIPPING_LABEL_PICTURE = "SHIPPING_LABEL_PICTURE"
    HAZMAT_LABEL = "HAZMAT_LABEL"
    INVOICE_LABEL = "INVOICE_LABEL"


OWN_SIZES = {
    TikTokDocument.SHIPPING_LABEL_PICTURE: "",
    TikTokDocument.HAZMAT_LABEL: "",
    TikTokDocument.INVOICE_LABEL: "",
}
"""Documents that come in one size only, which is not asked for."""


class TikTokDocuments:
    """The documents of one shop's packages; `size` is `A6` or `A5`."""

    def __init__(self, shop: ConnectedShop, *, size: str = "A6") -> None:
        self._shop = shop
        self._size = size

    async def label(self, tiktok_package_id: str, label_format: LabelFormat, *, strictly: bool = False) -> Label:
        """The label; as PDF, which every market has, where it is not printed in that format, unless it must be `strictly`."""
        if label_format is LabelFormat.PNG:
            return await self.document(tiktok_package_id, TikTokDocument.SHIPPING_LABEL_PICTURE)
        zpl = label_format is LabelFormat.ZPL and self._shop.region in ZPL_MARKETS
        if strictly and not zpl and label_format is not LabelFormat.PDF:
            raise Terminal(
                "carrier.no_format", f"TikTok prints no {label_format} in this market; take it as PDF or PNG."
            )
        return await self.document(tiktok_package_id, TikTokDocument.SHIPPING_LABEL, zpl=zpl)

    async def document(
        self, tiktok_package_id: str, document_type: TikTokDocument, *, size: str = "", zpl: bool = False
    ) -> Label:
        """One document, fetched at once: its address lives a day, and it is gone once the carrier has scanned the parcel.

        Raises Retryable, `postponed`, while it is not ready.
        """
        if zpl and self._shop.region not in ZPL_MARKETS:
            raise Terminal("carrier.no_format", "TikTok prints ZPL in Brazil and Mexico only; take it as PDF.")
        found = await self._shop.shipping.document(
            tiktok_package_id,
            document_type.value,
            size=OWN_SIZES.get(document_type, size or self._size),
            document_format="ZPL" if zpl else "",
        )
        if not found.address:
            raise Retryable("tiktok.label_not_ready", "TikTok gives no address of the document yet.", postponed=True)
        media_type, body = await self._shop.shipping.fetch(found)
        made_as = LabelFormat.ZPL if zpl else _MADE_AS.get(document_type, LabelFormat.PDF)
        return Label(media_type if media_type in MEDIA_TYPES.values() else MEDIA_TYPES[made_as], body)


_MADE_AS = {TikTokDocument.SHIPPING_LABEL_PICTURE: LabelFormat.PNG}
