"""What goes into which package at TikTok, before it is shipped: orders split, packages combined and taken apart.

No call here has an idempotency key: after Ambiguous, read the orders first. Every one of them makes new package ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sync.tiktok.client import TikTokClient
from sync.tiktok.errors import PartialError, partial_errors
from sync.tiktok.reading import objects, text, texts

_PAGE = 50


@dataclass(frozen=True, slots=True)
class SplitAttributes:
    """Whether an order may be split, or has to be, and why."""

    tiktok_order_id: str
    can_split: bool
    reason: str
    must_split: bool
    must_split_reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CombinablePackages:
    """Orders that TikTok itself would put into one package."""

    suggestion_id: str
    tiktok_order_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CombinedPackages:
    """TikTok's answer to a combination: the new package, or why there is none."""

    tiktok_package_id: str
    refused: PartialError | None = None


class PackingCalls:
    """The packages of one shop, before they are shipped."""

    def __init__(self, client: TikTokClient, cipher: str) -> None:
        self._client = client
        self._cipher = cipher

    async def split_attributes(self, tiktok_order_ids: Sequence[str]) -> dict[str, SplitAttributes]:
        """Whether these orders may be split."""
        data = await self._client.call(
            "orders.split_attributes", cipher=self._cipher, query={"order_ids": ",".join(tiktok_order_ids)}
        )
        found = [
            SplitAttributes(
                tiktok_order_id=text(each, "order_id"),
                can_split=each.get("can_split") is True,
                reason=text(each, "reason"),
                must_split=each.get("must_split") is True,
                must_split_reasons=texts(each, "must_split_reasons"),
            )
            for each in objects(data, "split_attributes")
        ]
        return {each.tiktok_order_id: each for each in found}

    async def split(self, tiktok_order_id: str, groups: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """Give each group of units a package of its own; groups by labels of ours. Answers the package of each label."""
        data = await self._client.call(
            "orders.split",
            cipher=self._cipher,
            path={"order_id": tiktok_order_id},
            body={
                "splittable_groups": [
                    {"id": label, "order_line_item_ids": list(lines)} for label, lines in groups.items()
                ]
            },
        )
        return {text(package, "splittable_group_id"): text(package, "id") for package in objects(data, "packages")}

    async def combinable(self) -> list[CombinablePackages]:
        """What TikTok suggests to combine."""
        found: list[CombinablePackages] = []
        seen: set[str] = set()
        query = {"page_size": str(_PAGE)}
        while True:
            data = await self._client.call("packages.combinable", cipher=self._cipher, query=query)
            found += [
                CombinablePackages(text(each, "id"), texts(each, "order_ids"))
                for each in objects(data, "combinable_packages")
            ]
            token = text(data, "next_page_token")
            if not token or token in seen:
                return found
            seen.add(token)
            query = {**query, "page_token": token}

    async def combine(self, label: str, tiktok_order_ids: Sequence[str]) -> CombinedPackages:
        """Put these orders' packages into one."""
        data = await self._client.call(
            "packages.combine",
            cipher=self._cipher,
            body={"combinable_packages": [{"id": label, "order_ids": list(tiktok_order_ids)}]},
            about={"order_ids": ", ".join(tiktok_order_ids)},
        )
        for error in partial_errors(data):
            return CombinedPackages("", error)
        return CombinedPackages(next((text(package, "id") for package in objects(data, "packages")), ""))

    async def uncombine(self, tiktok_package_id: str, tiktok_order_ids: Sequence[str]) -> None:
        """Take these orders out of a combined package; each gets one of its own again."""
        await self._client.call(
            "packages.uncombine",
            cipher=self._cipher,
            path={"package_id": tiktok_package_id},
            body={"order_ids": list(tiktok_order_ids)},
        )
