"""A tracker as JSON: it follows the parcel that was marked shipped under its code."""

from typing import Any

from sync.simulator.easypost.envelope import timestamp
from sync.simulator.easypost.trackers import Tracker
from sync.simulator.shop.packages import ParcelStage
from sync.simulator.world import World

DETAILS = {
    ParcelStage.PRE_TRANSIT: ("label_created", "Shipping label created, carrier awaiting item"),
    ParcelStage.IN_TRANSIT: ("arrived_at_facility", "Arrived at carrier facility"),
    ParcelStage.OUT_FOR_DELIVERY: ("out_for_delivery", "Out for delivery"),
    ParcelStage.DELIVERED: ("arrived_at_destination", "Delivered"),
}


def tracker_payload(world: World, tracker: Tracker, now: float | None = None) -> dict[str, Any]:
    """Return the tracker as it stands, or stood at `now`; a label nobody handed over stays before its first scan."""
    reached: list[tuple[ParcelStage, float]] = []
    package = world.packages.of_tracking_number.get(tracker.tracking_code)
    if tracker.shipment is not None:
        reached.append((ParcelStage.PRE_TRANSIT, tracker.created_at))
    if package is not None:
        stages = world.packages.stages(package, world.now if now is None else now)
        reached += stages[1:] if tracker.shipment is not None else stages
    shipment = world.shipments.all[tracker.shipment] if tracker.shipment is not None else None
    status, changed_at = (reached[-1][0].value, reached[-1][1]) if reached else ("unknown", tracker.created_at)
    delivered = status == ParcelStage.DELIVERED
    return {
        "id": tracker.id,
        "object": "Tracker",
        "mode": "test",
        "tracking_code": tracker.tracking_code,
        "carrier": tracker.carrier,
        "status": status,
        "status_detail": DETAILS[reached[-1][0]][0] if reached else "unknown",
        "created_at": timestamp(tracker.created_at),
        "updated_at": timestamp(changed_at),
        "signed_by": None,
        "weight": shipment.weight_ounces if shipment else None,
        "est_delivery_date": None if delivered or package is None else _estimate(world, package.shipped_at or 0.0),
        "shipment_id": shipment.id if shipment else None,
        "is_return": False,
        "public_url": f"https://track.easypost.example/{tracker.id}",
        "carrier_detail": None,
        "tracking_details": [_detail(stage, at, tracker.carrier) for stage, at in reached],
        "fees": [],
    }


def _detail(stage: ParcelStage, at: float, carrier: str) -> dict[str, Any]:
    status_detail, message = DETAILS[stage]
    return {
        "object": "TrackingDetail",
        "message": message,
        "description": "",
        "status": stage.value,
        "status_detail": status_detail,
        "datetime": timestamp(at),
        "source": carrier,
        "carrier_code": "",
        "tracking_location": {
            "object": "TrackingLocation",
            "city": None,
            "state": None,
            "country": None,
            "zip": None,
        },
    }


def _estimate(world: World, shipped_at: float) -> str:
    return timestamp(shipped_at + world.scenario.timings.deliver_after_seconds)
