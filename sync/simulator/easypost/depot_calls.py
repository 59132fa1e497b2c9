"""Addresses, checked or merely kept, and scan forms for the end of the day."""

from typing import Any

from sync.simulator import printing
from sync.simulator.credentials import digest
from sync.simulator.easypost.envelope import DIALECT, answer, let_in, missing, refusal, requires_key, timestamp
from sync.simulator.easypost.paging import page
from sync.simulator.easypost.scan_forms import ScanForm
from sync.simulator.easypost.shipment_payload import ADDRESS_FIELDS, delivers_nowhere
from sync.simulator.easypost.shipments import Shipment
from sync.simulator.wire import Call, Operation, Reply, nothing
from sync.simulator.world import World

ORIGIN_FIELDS = ("street1", "street2", "city", "state", "zip", "country")


class DepotCalls:
    """What EasyPost answers about addresses and scan forms."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> list[Operation]:
        """Return the operations on addresses and scan forms."""
        gate = requires_key(self._world.credentials.easypost_api_key)

        def operation(name: str, method: str, path: str, handle: Any) -> Operation:
            return Operation(f"easypost.{name}", method, path, handle, DIALECT, gate, nothing)

        return [
            operation("addresses.create", "POST", "/v2/addresses", self.create_address),
            operation("addresses.create_and_verify", "POST", "/v2/addresses/create_and_verify", self.create_and_verify),
            operation("scan_forms.create", "POST", "/v2/scan_forms", self.create_form),
            operation("scan_forms.list", "GET", "/v2/scan_forms", self.list_forms),
            operation("scan_forms.get", "GET", "/v2/scan_forms/{id}", self.get_form),
            Operation(
                "easypost.scan_form_files",
                "GET",
                "/easypost-files/scan_form/{file}",
                self.form_file,
                DIALECT,
                let_in,
                nothing,
            ),
        ]

    def create_address(self, call: Call) -> Reply:
        """Keep an address; with `verify` say what carriers think of it, with `verify_strict` refuse one that they do not know."""
        body = call.json()
        given = body.get("address")
        if not isinstance(given, dict):
            raise refusal(422, "PARAMETER.REQUIRED", "Missing required parameter.", [_field("address", "is missing")])
        errors = _problems(given, by_carrier=bool(body.get("verify_carrier")))
        if body.get("verify_strict") and delivers_nowhere(given):
            raise refusal(422, "ADDRESS.VERIFY.FAILURE", "Unable to verify address.", errors)
        checked = bool(body.get("verify") or body.get("verify_strict"))
        return answer(self._address(given, errors=errors if checked else None), 201)

    def create_and_verify(self, call: Call) -> Reply:
        """Keep an address that carriers deliver to, wrapped; refuse any other."""
        given = call.json().get("address")
        if not isinstance(given, dict):
            raise refusal(422, "PARAMETER.REQUIRED", "Missing required parameter.", [_field("address", "is missing")])
        if delivers_nowhere(given):
            raise refusal(422, "ADDRESS.VERIFY.FAILURE", "Unable to verify address.", _problems(given))
        return answer({"address": self._address(given, errors=[])})

    def create_form(self, call: Call) -> Reply:
        """Make the form of shipments from one origin by one carrier, none refunded, none on another form."""
        body = call.json()
        wrapped = body.get("scan_form")
        listed = (wrapped if isinstance(wrapped, dict) else body).get("shipments")
        if not isinstance(listed, list) or not listed:
            raise refusal(422, "PARAMETER.REQUIRED", "Missing required parameter.", [_field("shipments", "is missing")])
        shipments = [self._shipment(each) for each in listed]
        if any(shipment.purchase is None or shipment.refund_asked_at is not None for shipment in shipments):
            raise _unfit("Shipments must be bought and not refunded.")
        if len({_origin(shipment) for shipment in shipments}) > 1:
            raise _unfit("Shipments must have the same origin address.")
        if len({shipment.purchase.rate.service.carrier for shipment in shipments if shipment.purchase}) > 1:
            raise _unfit("Shipments must be of the same carrier.")
        forms = self._world.scan_forms
        if any(shipment.number in forms.of_shipment for shipment in shipments):
            self._world.record("refusal", what="double_form")
            raise _unfit("A shipment is on another scan form already.")
        form = self._world.record("scan_form", shipments=[shipment.number for shipment in shipments])
        return answer(self._form(call, form))

    def list_forms(self, call: Call) -> Reply:
        """List scan forms, newest first."""
        forms = self._world.scan_forms
        chosen, has_more = page(call, "scan_forms", forms.all, forms.position)
        return answer({"scan_forms": [self._form(call, form) for form in chosen], "has_more": has_more})

    def get_form(self, call: Call) -> Reply:
        """Read a scan form by its id."""
        position = self._world.scan_forms.position(call.path_values["id"])
        if position is None:
            raise missing("scan form")
        return answer(self._form(call, self._world.scan_forms.all[position]))

    def form_file(self, call: Call) -> Reply:
        """Return the bytes of a form."""
        position = self._world.scan_forms.position(call.path_values["file"].removesuffix(".pdf"))
        if position is None:
            raise missing("file")
        form = self._world.scan_forms.all[position]
        lines = ["SCAN FORM", *form.tracking_codes[:12], f"{len(form.shipments)} parcels"]
        return Reply(200, printing.pdf(lines, form.id[-16:]), b"application/pdf")

    def _shipment(self, named: object) -> Shipment:
        shipment = self._world.shipments.find(str(named.get("id") or "")) if isinstance(named, dict) else None
        if shipment is None:
            raise missing("shipment")
        return shipment

    def _address(self, given: dict[str, Any], *, errors: list[dict[str, str]] | None) -> dict[str, Any]:
        fields: dict[str, Any] = {name: given.get(name) for name in ADDRESS_FIELDS}
        good = errors is not None and not delivers_nowhere(given)
        if good:
            fields = {name: value.upper() if isinstance(value, str) else value for name, value in fields.items()}
            if len(str(fields["zip"])) == 5:
                fields["zip"] = f"{fields['zip']}-{digest(fields['street1'])[:4].translate(_AS_DIGITS)}"
        verdict: dict[str, Any] = {"success": good, "errors": errors, "details": {}}
        return {
            "id": f"adr_{digest(*(str(given.get(name)) for name in ADDRESS_FIELDS), str(good))[:32]}",
            "object": "Address",
            "mode": "test",
            "created_at": timestamp(self._world.now),
            **fields,
            "residential": True if good else None,
            "verifications": {} if errors is None else {"zip4": verdict, "delivery": verdict},
        }

    def _form(self, call: Call, form: ScanForm) -> dict[str, Any]:
        return {
            "id": form.id,
            "object": "ScanForm",
            "created_at": timestamp(form.created_at),
            "updated_at": timestamp(form.created_at),
            "tracking_codes": form.tracking_codes,
            "address": {name: form.shipments[0].request["from_address"].get(name) for name in ADDRESS_FIELDS},
            "status": "created",
            "message": None,
            "form_url": f"{call.origin}/easypost-files/scan_form/{form.id}.pdf",
            "form_file_type": "application/pdf",
            "batch_id": f"batch_{digest(form.id)[:32]}",
            "confirmation": None,
        }


_AS_DIGITS = str.maketrans("abcdef", "012345")


def _problems(address: dict[str, Any], *, by_carrier: bool = False) -> list[dict[str, str]]:
    if delivers_nowhere(address):
        return [_field("address", "Address not found", code="E.ADDRESS.NOT_FOUND")]
    if by_carrier and not address.get("street2"):
        # A carrier's own check succeeds and complains all the same.
        return [_field("street2", "Missing secondary information", code="E.SECONDARY_INFORMATION.MISSING")]
    return []


def _origin(shipment: Shipment) -> tuple[str, ...]:
    return tuple(str(shipment.request["from_address"].get(name) or "") for name in ORIGIN_FIELDS)


def _unfit(sentence: str) -> Exception:
    return refusal(422, "SCAN_FORM.INVALID", sentence)


def _field(name: str, message: str, **more: str) -> dict[str, str]:
    return {"field": name, "message": message, **more}
