"""What the carriers say of every open parcel: read in pages, newest first, and singly where the pages leave one out.

Parcels that TikTok ships are asked for at TikTok; a number that was not bought here is followed by a tracker of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog

from engine.errors import Retryable, Terminal
from engine.identifiers import PackageId
from engine.ports.facts import TrackingFact
from engine.ports.requests import OpenParcel
from sync.settling import for_each
from sync.shipping.carriers import Carriers
from sync.shipping.port import Follower, Track

_log = structlog.get_logger(__name__)

_MARGIN = timedelta(days=1)
_SINGLES_AT_ONCE = 8


async def read_tracking(
    follower: Follower,
    open_parcels: Sequence[OpenParcel],
    *,
    carriers: Carriers | None = None,
    most_singles: int = 100,
) -> list[TrackingFact]:
    """One fact for every open parcel that its carrier knows, in the order given.

    At most `most_singles` parcels that no list showed are asked for one by one; the others wait for the next round.
    Raises Retryable when the carrier cannot be read.
    """
    by_tiktok = [parcel for parcel in open_parcels if parcel.provider == "tiktok"]
    others = [parcel for parcel in open_parcels if parcel.provider != "tiktok"]
    found = await _read_pages(follower, others)
    left_out = [parcel for parcel in others if parcel.package_id not in found]

    async def single(parcel: OpenParcel) -> None:
        try:
            if parcel.tracker_reference:
                track = await follower.track(parcel.tracker_reference)
            else:
                track = await follower.follow(parcel.carrier, parcel.tracking_number)
        except Terminal as error:
            _log.warning("parcel_not_tracked", package_id=str(parcel.package_id), code=error.code)
            return
        if fits(parcel, track):
            found[parcel.package_id] = track

    async def at_tiktok(parcel: OpenParcel) -> None:
        if carriers is None:
            return
        try:
            carrier = await carriers.of_tiktok(parcel.shop_id)
            track = await carrier.track(parcel.tracker_reference)
        except (Terminal, Retryable) as error:
            # One shop that cannot be read keeps the other shops' parcels from nothing.
            _log.warning("parcel_not_tracked", package_id=str(parcel.package_id), code=error.code)
            return
        if track.tracking_number == parcel.tracking_number:
            found[parcel.package_id] = track

    await for_each(left_out[:most_singles], single, at_once=_SINGLES_AT_ONCE)
    await for_each(by_tiktok[:most_singles], at_tiktok, at_once=_SINGLES_AT_ONCE)
    return [fact_of(parcel, found[parcel.package_id]) for parcel in open_parcels if parcel.package_id in found]


async def _read_pages(follower: Follower, open_parcels: Sequence[OpenParcel]) -> dict[PackageId, Track]:
    """What the lists show of these parcels, newest first, as far back as the oldest of them."""
    found: dict[PackageId, Track] = {}
    if not open_parcels:
        return found
    wanted = {parcel.tracker_reference: parcel for parcel in open_parcels if parcel.tracker_reference}
    # Codes are used again after months, so a code counts only together with its carrier and a label that is not
    # younger.
    by_code = {_code(p.carrier, p.tracking_number): p for p in open_parcels if not p.tracker_reference}
    missing = {parcel.package_id for parcel in open_parcels}
    oldest = min(parcel.labelled_at for parcel in open_parcels) - _MARGIN
    async for page in follower.recent_tracks(oldest):
        for track in page:
            parcel = wanted.get(track.tracker_reference) or by_code.get(_code(track.carrier, track.tracking_number))
            if parcel is not None and parcel.package_id in missing and fits(parcel, track):
                found[parcel.package_id] = track
                missing.discard(parcel.package_id)
        if not missing or (page and min(track.created_at for track in page) < oldest):
            break
    return found


def fact_of(parcel: OpenParcel, track: Track) -> TrackingFact:
    """What the track says of the parcel that it is about."""
    return TrackingFact(
        package_id=parcel.package_id,
        tracking_number=parcel.tracking_number,
        status=track.status,
        occurred_at=track.occurred_at,
        detail=track.detail,
        told_at=track.told_at,
        tracker_reference="" if parcel.tracker_reference else track.tracker_reference,
    )


def fits(parcel: OpenParcel, track: Track) -> bool:
    """A return's delivery is not ours, and neither is an earlier parcel with the same code."""
    return (
        not track.is_return
        and track.tracking_number == parcel.tracking_number
        and track.created_at >= parcel.labelled_at - _MARGIN
    )


def _code(carrier: str, tracking_number: str) -> tuple[str, str]:
    return carrier.casefold(), tracking_number
