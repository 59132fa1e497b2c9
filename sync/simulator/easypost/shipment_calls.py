"""The calls on shipments: create, read, list, rate again, buy, refund, convert the label, fetch its file."""

from typing import Any
from zlib import crc32

from sync.simulator.easypost import labels
from sync.simulator.easypost.envelope import DIALECT, answer, let_in, missing, refusal, requires_key
from sync.simulator.easypost.paging import page
from sync.simulator.easypost.shipment_payload import (
    MEDIA_TYPES,
    delivers_nowhere,
    goes_nowhere,
    label_path,
    rate_payload,
    shipment_payload,
)
from sync.simulator.easypost.shipments import Shipment
from sync.simulator.easypost.tracker_payload import tracker_payload
from sync.simulator.shop.packages import ParcelStage
from sync.simulator.wire import Call, Operation, Reply, nothing
from sync.simulator.world import World

LABEL_LINK_SECONDS = 30 * 86_400
REQUIRED = {"to_address": ("street1", "city", "state", "country"), "from_address": ("street1", "city", "zip")}


class ShipmentCalls:
    """What EasyPost answers about shipments."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> list[Operation]:
        """Return the operations on shipments and label files."""
        gate = requires_key(self._world.credentials.easypost_api_key)

        def shipment(name: str, method: str, path: str, handle: Any, about: Any = _which) -> Operation:
            return Operation(f"easypost.shipments.{name}", method, path, handle, DIALECT, gate, about)

        return [
            shipment("create", "POST", "/v2/shipments", self.create, self._for_whom),
            shipment("buy", "POST", "/v2/shipments/{id}/buy", self.buy),
            shipment("get", "GET", "/v2/shipments/{id}", self.get),
            Operation(
                "easypost.label_files",
                "GET",
                "/easypost-files/postage_label/{file}",
                self.label_file,
                DIALECT,
                let_in,
                lambda call: call.path,
            ),
            shipment("list", "GET", "/v2/shipments", self.list, nothing),
            shipment("rerate", "POST", "/v2/shipments/{id}/rerate", self.rerate),
            shipment("refund", "POST", "/v2/shipments/{id}/refund", self.refund),
            shipment("label", "GET", "/v2/shipments/{id}/label", self.convert_label),
        ]

    def create(self, call: Call) -> Reply:
        """Make a shipment with its rates."""
        request = call.json().get("shipment")
        if not isinstance(request, dict):
            raise refusal(422, "PARAMETER.REQUIRED", "Missing required parameter.", [_field("shipment", "is missing")])
        _check(request)
        if delivers_nowhere(request["to_address"]) and self._refuses_outright(request):
            problem = _field("to_address.zip", "Invalid ZIP code", code="E.ZIP.INVALID")
            raise refusal(422, "ADDRESS.VERIFY.FAILURE", "Unable to verify address.", [problem])
        return self._show(call, self._world.record("shipment", request=request), status=201)

    def get(self, call: Call) -> Reply:
        """Read a shipment by id or reference."""
        return self._show(call, self._find(call))

    def list(self, call: Call) -> Reply:
        """List shipments, newest first; only bought ones unless `purchased=false`."""
        shipments = self._world.shipments
        bought_only = call.value("purchased") != "false"
        rows = [s for s in shipments.all if s.purchase or not bought_only]
        places = {shipment.id: place for place, shipment in enumerate(rows)}
        chosen, has_more = page(call, "shipments", rows, places.get)
        return answer({"shipments": [self._payload(call, row) for row in chosen], "has_more": has_more})

    def rerate(self, call: Call) -> Reply:
        """Make new offers; the old rate ids are stale from now on."""
        shipment = self._find(call)
        if shipment.purchase:
            raise refusal(422, "SHIPMENT.POSTAGE.EXISTS", "Postage already exists for this shipment.")
        self._world.record("rerated", shipment=shipment.number)
        rates = self._world.shipments.rates(shipment)
        return answer({"rates": [rate_payload(rate, shipment) for rate in rates]})

    def buy(self, call: Call) -> Reply:
        """Buy a label, once."""
        shipment, body = self._find(call), call.json()
        if shipment.purchase:
            self._world.record("refusal", what="double_buy")
            raise refusal(422, "SHIPMENT.POSTAGE.EXISTS", "Postage already exists for this shipment.")
        rate = body.get("rate")
        if not isinstance(rate, dict) or not isinstance(rate.get("id"), str):
            raise refusal(422, "PARAMETER.REQUIRED", "Missing required parameter.", [_field("rate", "is missing")])
        offers = {} if goes_nowhere(shipment.request) else self._offers(shipment)
        if rate["id"] not in offers:
            raise refusal(422, "SHIPMENT.RATES.UNAVAILABLE", "The rate is not available; rate the shipment again.")
        if self._world.is_refused_by_carrier(shipment.order_index):
            self._world.record("refusal", what="carrier")
            raise refusal(422, "SHIPMENT.POSTAGE.FAILURE", "The carrier account is suspended for this destination.")
        insurance = body.get("insurance")
        if insurance is not None and not _is_amount(insurance):
            raise refusal(422, "PARAMETER.INVALID", "Invalid parameter.", [_field("insurance", "must be an amount")])
        self._world.record(
            "bought",
            shipment=shipment.number,
            rate=offers[rate["id"]],
            insurance=None if insurance is None else str(insurance),
        )
        payload = self._payload(call, shipment)
        payload["tracker"]["status"] = payload["tracker"]["status_detail"] = "unknown"  # as right after buying
        return answer(payload)

    def refund(self, call: Call) -> Reply:
        """Ask the money back for a label that no scanner has seen."""
        shipment = self._find(call)
        if shipment.purchase is None:
            raise refusal(422, "SHIPMENT.REFUND.UNAVAILABLE", "There is no postage to refund for this shipment.")
        if shipment.refund_asked_at is None:
            if self._scanned(shipment.purchase.tracking_code):
                return answer({**self._payload(call, shipment), "refund_status": "rejected"})
            self._world.record("refund", shipment=shipment.number)
        return self._show(call, shipment)

    def convert_label(self, call: Call) -> Reply:
        """Make the label available in another format; only a PNG can be converted."""
        shipment = self._find(call)
        wanted = (call.value("file_format") or "").upper()
        if shipment.purchase is None:
            raise refusal(422, "SHIPMENT.POSTAGE.REQUIRED", "Buy postage before asking for another label format.")
        if wanted not in MEDIA_TYPES or shipment.purchase.format not in {"PNG", wanted}:
            raise refusal(
                422,
                "SHIPMENT.POSTAGE.FORMAT_UNAVAILABLE",
                "Only a label made as PNG can be converted to PDF, ZPL, EPL2.",
            )
        if wanted not in shipment.converted | {shipment.purchase.format}:
            self._world.record("converted", shipment=shipment.number, format=wanted)
        return self._show(call, shipment)

    def label_file(self, call: Call) -> Reply:
        """Return the bytes of a label."""
        name = call.path_values["file"]
        shipment = self._world.shipments.find(name.partition("-")[0])
        extension = name.rpartition(".")[2].upper()
        if shipment is None or shipment.purchase is None:
            raise missing("file")
        if self._world.now > shipment.purchase.at + LABEL_LINK_SECONDS:
            return Reply(403, b"<Error><Code>AccessDenied</Code></Error>", b"application/xml")
        made = shipment.converted | {shipment.purchase.format}
        if extension not in made or call.path != label_path(shipment, extension):
            raise missing("file")
        return Reply(200, labels.render(shipment, shipment.purchase, extension), MEDIA_TYPES[extension].encode())

    def _find(self, call: Call) -> Shipment:
        shipment = self._world.shipments.find(call.path_values["id"])
        if shipment is None:
            raise missing("shipment")
        return shipment

    def _show(self, call: Call, shipment: Shipment, status: int = 200) -> Reply:
        return answer(self._payload(call, shipment), status)

    def _payload(self, call: Call, shipment: Shipment) -> dict[str, Any]:
        world = self._world
        payload = shipment_payload(world.shipments, shipment, now=world.now, origin=call.origin)
        if shipment.purchase:
            tracker = world.trackers.of_code(shipment.purchase.rate.service.carrier, shipment.purchase.tracking_code)
            if tracker:
                payload["tracker"] = tracker_payload(world, tracker)
                payload["status"] = payload["tracker"]["status"]
        return payload

    def _offers(self, shipment: Shipment) -> dict[str, int]:
        return {rate.id: rate.position for rate in self._world.shipments.rates(shipment)}

    def _scanned(self, tracking_code: str) -> bool:
        package = self._world.packages.of_tracking_number.get(tracking_code)
        if package is None:
            return False
        stages = self._world.packages.stages(package, self._world.now)
        return any(stage is not ParcelStage.PRE_TRANSIT for stage, _ in stages)

    def _refuses_outright(self, request: dict[str, Any]) -> bool:
        """Half of the undeliverable addresses are refused at once, half come back without any rates."""
        index = self._world.shipments.recognise(request)
        trouble = self._world.scenario.troubles().get(index) if index is not None else None
        if trouble:
            return trouble.variant % 3 != 1
        return crc32(str(request["to_address"].get("street1")).encode()) % 2 == 0

    def _for_whom(self, call: Call) -> str:
        request = call.json().get("shipment")
        if not isinstance(request, dict):
            return ""
        index = self._world.shipments.recognise(request)
        return str(request.get("reference")) if index is None else self._world.orders.order_id(index)


def _which(call: Call) -> str:
    return call.path_values["id"]


def _check(request: dict[str, Any]) -> None:
    problems = []
    for part, names in REQUIRED.items():
        address = request.get(part)
        if not isinstance(address, dict):
            problems.append(_field(part, "is missing"))
            continue
        problems += [_field(f"{part}.{name}", "is missing") for name in names if not address.get(name)]
    parcel = request.get("parcel")
    measures = parcel if isinstance(parcel, dict) else {}
    if not _is_positive(measures.get("weight")):
        problems.append(_field("parcel.weight", "must be a number of ounces above 0"))
    for side in ("length", "width", "height"):
        if measures.get(side) is not None and not _is_positive(measures[side]):
            problems.append(_field(f"parcel.{side}", "must be a number of inches above 0"))
    if request.get("service"):
        problems.append(_field("service", "must not be given: a shipment is bought by a call of its own"))
    customs = request.get("customs_info")
    if isinstance(customs, dict):
        problems += _customs_problems(customs)
    options = request.get("options") or {}
    if not isinstance(options, dict):
        problems.append(_field("options", "must be an object"))
    elif str(options.get("label_format") or "PNG").upper() not in MEDIA_TYPES:
        problems.append(_field("options.label_format", "must be one of PNG, PDF, ZPL, EPL2"))
    if problems:
        raise refusal(422, "PARAMETER.REQUIRED", "Missing or invalid parameter.", problems)


def _customs_problems(customs: dict[str, Any]) -> list[dict[str, str]]:
    items = customs.get("customs_items")
    if not isinstance(items, list) or not items:
        return [_field("customs_info.customs_items", "is missing")]
    if customs.get("customs_certify") and not customs.get("customs_signer"):
        return [_field("customs_info.customs_signer", "is missing")]
    needed = ("description", "quantity", "value", "weight", "origin_country")
    return [
        _field(f"customs_info.customs_items.{name}", "is missing")
        for item in items
        for name in needed
        if not isinstance(item, dict) or not item.get(name)
    ]


def _is_amount(value: object) -> bool:
    try:
        return 0 <= float(str(value)) < float("inf")
    except ValueError:
        return False


def _is_positive(value: object) -> bool:
    try:
        return 0 < float(str(value)) < float("inf")
    except ValueError:
        return False


def _field(name: str, message: str, **more: str) -> dict[str, str]:
    return {"field": name, "message": message, **more}
