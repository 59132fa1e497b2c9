"""TikTok Shipping: services and their prices, packages bought with their labels, and what is printed for a package."""

from dataclasses import dataclass
from typing import Any

from sync.simulator import printing
from sync.simulator.credentials import digest, digits
from sync.simulator.shop.orders import Order, OrderStatus
from sync.simulator.shop.packages import Package, ParcelStage
from sync.simulator.tiktok import envelope
from sync.simulator.tiktok.envelope import CATCH_ALL, DIALECT, NO_SUCH_ORDER, refusal, success
from sync.simulator.tiktok.gates import Gates
from sync.simulator.tiktok.logistics import PLATFORM_PROVIDER
from sync.simulator.tiktok.order_payload import line_item_id, money, shipping_type_of
from sync.simulator.wire import Call, Operation, Reply
from sync.simulator.world import World

LINK_SECONDS = 24 * 3600
ZPL_MARKETS = frozenset({"BR", "MX"})
GRAMS_OF = {"GRAM": 1.0, "POUND": 453.59237}
SIZED = frozenset({"SHIPPING_LABEL", "PACKING_SLIP", "SHIPPING_LABEL_AND_PACKING_SLIP"})
DOCUMENTS = SIZED | {"SHIPPING_LABEL_PICTURE", "HAZMAT_LABEL", "INVOICE_LABEL"}
MEDIA_TYPES = {"pdf": b"application/pdf", "png": b"image/png", "zpl": b"application/zpl"}


@dataclass(frozen=True, slots=True)
class ShippingService:
    """What TikTok sells; cents for any parcel and for each gram, days on the way."""

    name: str
    base_cents: int
    cents_per_gram: float
    earliest_days: int
    latest_days: int
    is_default: bool = False


SERVICES = (
    ShippingService("TikTok Economy", 412, 0.31, 4, 7),
    ShippingService("TikTok Standard", 489, 0.36, 3, 5, is_default=True),
    ShippingService("TikTok Express", 1240, 0.72, 1, 2),
)


class ShippingCalls:
    """What TikTok answers of its own shipping."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> list[Operation]:
        """Return the operations on services, bought packages and documents."""
        shop = Gates(self._world).shop
        root = "/fulfillment/202309"

        def operation(name: str, method: str, path: str, handle: Any, about: Any) -> Operation:
            return Operation(f"tiktok.shipping.{name}", method, root + path, handle, DIALECT, shop, about)

        return [
            operation("services", "POST", "/orders/{order_id}/shipping_services/query", self.services, _which),
            operation("create_package", "POST", "/packages", self.create_package, _named_order),
            operation("documents", "GET", "/packages/{package_id}/shipping_documents", self.documents, _which),
            Operation(
                "tiktok.shipping.files",
                "GET",
                "/tiktok-files/{file}",
                self.file,
                DIALECT,
                _let_in,
                lambda call: call.path,
            ),
        ]

    def services(self, call: Call) -> Reply:
        """Return what TikTok would sell for some units of an order."""
        order = self._find(call.path_values["order_id"])
        self._require_platform(order)
        body = call.json()
        self._units(order, body)
        grams = _grams(body)
        services = [self._payload(order, position, grams) for position in range(len(SERVICES))]
        return success({"shipping_services": services})

    def create_package(self, call: Call) -> Reply:
        """Sell the label of some units; there is no key that keeps a second call from buying, only the units themselves."""
        body = call.json()
        order = self._find(str(body.get("order_id") or ""))
        self._require_platform(order)
        if self._world.scenario.region != "US":
            raise refusal(CATCH_ALL, "Invalid request: in this market packages exist and are shipped.", 400)
        units = self._units(order, body)
        if not self._world.packages.shipped_units(order).isdisjoint(units):
            self._world.record("refusal", what="tiktok_double_buy")
            raise refusal(envelope.LABEL_ALREADY_BOUGHT, "The label of these line items was already bought.")
        self._require_ready(order)
        grams = _grams(body)
        offers = {self._service_id(order, position): position for position in range(len(SERVICES))}
        position = offers.get(str(body.get("shipping_service_id") or ""))
        if position is None:
            raise refusal(CATCH_ALL, "Invalid shipping_service_id: query the services of this order.", 400)
        package = self._world.record(
            "package_created",
            order=order.index,
            units=units,
            tracking_number=f"DX{len(self._world.packages.all):09d}",
            provider_id=PLATFORM_PROVIDER.id,
            service=SERVICES[position].name,
            cents=_cents(position, grams),
        )
        return success(
            {
                "package_id": package.id,
                "create_time": int(self._world.now),
                "shipping_service_info": self._payload(order, position, grams),
            }
        )

    def documents(self, call: Call) -> Reply:
        """Return where a document is, from when the package was arranged until the carrier has scanned it."""
        package = self._world.packages.find(call.path_values["package_id"])
        if package is None:
            raise refusal(NO_SUCH_ORDER, "The package does not exist or belongs to another shop.")
        if package.retired or package.order.status is OrderStatus.CANCELLED:
            raise refusal(envelope.PACKAGE_CANCELLED, "The package was cancelled.")
        self._require_platform(package.order)
        kind = call.value("document_type") or ""
        if kind not in DOCUMENTS:
            raise refusal(CATCH_ALL, "Invalid document_type.", 400)
        if (call.value("document_size") or "A6") not in ("A6", "A5"):
            raise refusal(CATCH_ALL, "Invalid document_size: A6 or A5 is expected.", 400)
        document_format = call.value("document_format") or "PDF"
        if document_format not in ("PDF", "ZPL") or (
            document_format == "ZPL" and self._world.scenario.region not in ZPL_MARKETS
        ):
            raise refusal(CATCH_ALL, "Invalid document_format for this market.", 400)
        ready_at = self._world.scenario.timings.label_after_seconds
        if package.shipped_at is None or self._world.now < package.shipped_at + ready_at:
            raise refusal(envelope.LABEL_NOT_READY, "The shipping label is not ready yet.")
        if any(
            stage is not ParcelStage.PRE_TRANSIT for stage, _ in self._world.packages.stages(package, self._world.now)
        ):
            raise refusal(envelope.LABEL_GONE, "The package is with the carrier.")
        extension = "png" if kind == "SHIPPING_LABEL_PICTURE" else document_format.lower()
        size = (call.value("document_size") or "A6") if kind in SIZED else "A4"
        until = int(self._world.now) + LINK_SECONDS
        name = f"{package.id}.{kind}.{size}.{until}"
        return success(
            {
                "doc_url": f"{call.origin}/tiktok-files/{name}.{self._mark(name)}.{extension}",
                "tracking_number": package.tracking_number,
            }
        )

    def file(self, call: Call) -> Reply:
        """Return a document, for as long as its address is good."""
        name, _, extension = call.path_values["file"].rpartition(".")
        name, _, mark = name.rpartition(".")
        parts = name.split(".")
        package = self._world.packages.find(parts[0])
        if len(parts) != 4 or mark != self._mark(name) or package is None or extension not in MEDIA_TYPES:
            return Reply(404, b"not found", b"text/plain")
        if self._world.now >= int(parts[3]):
            return Reply(403, b"the address has expired", b"text/plain")
        return Reply(200, _render(package, parts[1], parts[2], extension), MEDIA_TYPES[extension])

    def _mark(self, name: str) -> str:
        return digest(self._world.scenario.seed, "document", name)[:16]

    def _find(self, order_id: str) -> Order:
        order = self._world.orders.find(order_id)
        if order is None:
            raise refusal(NO_SUCH_ORDER, "The order does not exist or belongs to another shop.")
        return order

    def _require_platform(self, order: Order) -> None:
        if shipping_type_of(self._world.orders, order) != "TIKTOK":
            raise refusal(CATCH_ALL, "Invalid request: the seller ships this order.", 400)

    def _require_ready(self, order: Order) -> None:
        if order.status in (OrderStatus.UNPAID, OrderStatus.ON_HOLD):
            raise refusal(envelope.ORDER_ON_HOLD, "The order is still unpaid or on hold and cannot be shipped.")
        if order.status is OrderStatus.CANCELLED:
            raise refusal(envelope.ORDER_CANCELLED, "The order is cancelled.")

    def _units(self, order: Order, body: dict[str, Any]) -> list[int]:
        going = self._world.orders.going_units(order)
        asked = body.get("order_line_item_ids")
        if asked in (None, []):
            return list(going)
        numbers = {line_item_id(order, unit): unit for unit in going}
        if not isinstance(asked, list) or not all(isinstance(line, str) and line in numbers for line in asked):
            raise refusal(CATCH_ALL, "Invalid order_line_item_ids: they are not line items of this order.", 400)
        return sorted({numbers[line] for line in asked})

    def _service_id(self, order: Order, position: int) -> str:
        return f"72{digits(6, self._world.scenario.seed, 'service', order.id)}{position:010d}"

    def _payload(self, order: Order, position: int, grams: float) -> dict[str, Any]:
        service = SERVICES[position]
        return {
            "id": self._service_id(order, position),
            "name": service.name,
            "price": money(_cents(position, grams)),
            "currency": "USD",
            "earliest_delivery_days": service.earliest_days,
            "latest_delivery_days": service.latest_days,
            "is_default": service.is_default,
            "shipping_provider_name": PLATFORM_PROVIDER.name,
            "shipping_provider_id": PLATFORM_PROVIDER.id,
        }


def _render(package: Package, kind: str, size: str, extension: str) -> bytes:
    lines = [f"{PLATFORM_PROVIDER.name} {kind} {size}", package.order.id, package.tracking_number, "SPECIMEN"]
    match extension:
        case "png":
            return printing.png(package.tracking_number)
        case "zpl":
            return printing.zpl(lines, package.tracking_number)
        case _:
            return printing.pdf(lines, package.tracking_number)


def _cents(position: int, grams: float) -> int:
    service = SERVICES[position]
    return round(service.base_cents + service.cents_per_gram * grams)


def _grams(body: dict[str, Any]) -> float:
    weight = body.get("weight")
    try:
        value = float(str(weight["value"])) * GRAMS_OF[str(weight["unit"])] if isinstance(weight, dict) else 0.0
    except (KeyError, ValueError):
        value = 0.0
    if not 0 < value < 70_000:
        raise refusal(CATCH_ALL, "Invalid weight: a value above 0 in GRAM or POUND is expected.", 400)
    dimension = body.get("dimension")
    if dimension is not None and (
        not isinstance(dimension, dict)
        or dimension.get("unit") not in ("CM", "INCH")
        or not all(_is_positive(dimension.get(side)) for side in ("length", "width", "height"))
    ):
        raise refusal(CATCH_ALL, "Invalid dimension: length, width, height and unit are expected.", 400)
    return value


def _is_positive(value: object) -> bool:
    try:
        return float(str(value)) > 0
    except ValueError:
        return False


def _which(call: Call) -> str:
    return call.path_values.get("order_id") or call.path_values.get("package_id") or ""


def _named_order(call: Call) -> str:
    return str(call.json().get("order_id") or "")


def _let_in(_call: Call) -> None:
    """A gate that is always open: these addresses are in object storage."""
