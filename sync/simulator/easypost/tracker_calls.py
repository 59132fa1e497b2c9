"""The calls on trackers: create, read, list."""

from sync.simulator.easypost.envelope import DIALECT, answer, missing, refusal, requires_key
from sync.simulator.easypost.paging import page
from sync.simulator.easypost.rates import CARRIER_ACCOUNTS
from sync.simulator.easypost.tracker_payload import tracker_payload
from sync.simulator.wire import Call, Operation, Reply
from sync.simulator.world import World

CARRIER_OF_PREFIX = (("1Z", "UPS"), ("94", "USPS"))


class TrackerCalls:
    """What EasyPost answers about trackers."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> list[Operation]:
        """Return the operations on trackers."""
        gate = requires_key(self._world.credentials.easypost_api_key)
        return [
            Operation("easypost.trackers.list", "GET", "/v2/trackers", self.list, DIALECT, gate),
            Operation(
                "easypost.trackers.get",
                "GET",
                "/v2/trackers/{id}",
                self.get,
                DIALECT,
                gate,
                lambda call: call.path_values["id"],
            ),
            Operation("easypost.trackers.create", "POST", "/v2/trackers", self.create, DIALECT, gate, _code),
        ]

    def create(self, call: Call) -> Reply:
        """Follow a code; 200 for one that is followed already, 201 for a new one."""
        code = _code(call)
        if not code:
            problem = {"field": "tracker.tracking_code", "message": "is missing"}
            raise refusal(422, "PARAMETER.REQUIRED", "Missing required parameter.", [problem])
        carrier = str(call.json()["tracker"].get("carrier") or _carrier_of(code))
        if carrier not in CARRIER_ACCOUNTS:
            raise refusal(422, "TRACKER.NO_CARRIER_FOR_CODE", "No carrier is known for this tracking code.")
        trackers = self._world.trackers
        if tracker := trackers.of_code(carrier, code):
            return answer({**tracker_payload(self._world, tracker), "finalized": True})
        tracker = self._world.record("tracker", tracking_code=code, carrier=carrier, shipment=None)
        return answer({**tracker_payload(self._world, tracker), "finalized": True}, 201)

    def get(self, call: Call) -> Reply:
        """Read a tracker by its id."""
        trackers = self._world.trackers
        position = trackers.position(call.path_values["id"])
        if position is None:
            raise missing("tracker")
        return answer(tracker_payload(self._world, trackers.all[position]))

    def list(self, call: Call) -> Reply:
        """List trackers, newest first, or those of one `tracking_code`."""
        trackers = self._world.trackers
        if code := call.value("tracking_code"):
            rows = [tracker for tracker in trackers.all if tracker.tracking_code == code]
            chosen, has_more = page(call, "trackers", rows, {row.id: place for place, row in enumerate(rows)}.get)
        else:
            chosen, has_more = page(call, "trackers", trackers.all, trackers.position)
        return answer({"trackers": [tracker_payload(self._world, row) for row in chosen], "has_more": has_more})


def _code(call: Call) -> str:
    tracker = call.json().get("tracker")
    return str(tracker.get("tracking_code") or "").strip() if isinstance(tracker, dict) else ""


def _carrier_of(code: str) -> str:
    for prefix, carrier in CARRIER_OF_PREFIX:
        if code.startswith(prefix):
            return carrier
    return "FedEx" if code.isdigit() and len(code) == 12 else ""
