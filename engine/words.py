"""The closed sets of the domain, spelled as the database's enums spell them."""

from __future__ import annotations

from enum import StrEnum


class OrderStatus(StrEnum):
    """What the order is to people outside (`order_status_enum`)."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    PROCESSING = "processing"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    RETURNED = "returned"


class WorkflowState(StrEnum):
    """Where the order stands in its workflow (`workflow_status_enum`)."""

    NEW = "new"
    VALIDATED = "validated"
    INVENTORY_RESERVED = "inventory_reserved"
    READY_TO_SHIP = "ready_to_ship"
    SHIPPED = "shipped"
    COMPLETED = "completed"
    FAILED = "failed"


class PaymentStatus(StrEnum):
    """`payment_status_enum`."""

    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    REFUNDED = "refunded"
    PARTIALLY_REFUNDED = "partially_refunded"


class FulfilmentStatus(StrEnum):
    """Where a line item or a unit stands (`fulfillment_status_enum`)."""

    PENDING = "pending"
    RESERVED = "reserved"
    PICKED = "picked"
    PACKED = "packed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class ExecutionStatus(StrEnum):
    """How the workflow's execution stands (`workflow_execution_status`)."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    PAUSED = "paused"
    CANCELLED = "cancelled"


class ChannelStatus(StrEnum):
    """TikTok's own order status, normalised; `UNKNOWN` keeps a value that is newer than this program."""

    UNPAID = "UNPAID"
    ON_HOLD = "ON_HOLD"
    AWAITING_SHIPMENT = "AWAITING_SHIPMENT"
    PARTIALLY_SHIPPING = "PARTIALLY_SHIPPING"
    AWAITING_COLLECTION = "AWAITING_COLLECTION"
    IN_TRANSIT = "IN_TRANSIT"
    DELIVERED = "DELIVERED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"


class TrackingStatus(StrEnum):
    """A parcel's status in words all carriers share."""

    UNKNOWN = "unknown"
    LABEL_CREATED = "label_created"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    READY_FOR_PICKUP = "ready_for_pickup"
    DELIVERED = "delivered"
    RETURNING = "returning"
    FAILED = "failed"
    CANCELLED = "cancelled"


class DocumentKind(StrEnum):
    """What is printed for a parcel."""

    LABEL = "label"
    PACKING_SLIP = "packing_slip"
    CUSTOMS = "customs"
    LABEL_AND_SLIP = "label_and_slip"
    LABEL_PICTURE = "label_picture"
    HAZMAT_LABEL = "hazmat_label"
    INVOICE_LABEL = "invoice_label"


class PaperKind(StrEnum):
    """Kinds of paper, each with a printer of its own at a station."""

    LABEL = "label"
    LIST = "list"
    SLIP = "slip"


class PrintState(StrEnum):
    """What became of something printed; what is being sent may be on paper already."""

    SENDING = "sending"
    PRINTED = "printed"
    SAVED = "saved"
    FAILED = "failed"


class EffectState(StrEnum):
    """Life of one effect: intent → sent → done | failed | ambiguous | voided."""

    INTENT = "intent"
    SENT = "sent"
    DONE = "done"
    FAILED = "failed"
    AMBIGUOUS = "ambiguous"
    VOIDED = "voided"


class OrderKind(StrEnum):
    """What kind of order TikTok says it is; all but normal ones bring no revenue of their own."""

    NORMAL = "normal"
    SAMPLE = "sample"
    GIFT = "gift"
    REPLACEMENT = "replacement"
    EXCHANGE = "exchange"


class CancelReason(StrEnum):
    """Why a person cancels; TikTok has a name of its own for each in each market."""

    OUT_OF_STOCK = "out_of_stock"
    WRONG_PRICE = "wrong_price"
    UNDELIVERABLE = "undeliverable"
    BUYER_ASKED = "buyer_asked"


class PackageState(StrEnum):
    """Life of a parcel: planned → labelled → told → in transit → delivered; or taken back, or packed into another one."""

    PLANNED = "planned"
    LABELLED = "labelled"
    TOLD = "told"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    VOIDING = "voiding"
    VOIDED = "voided"
    COMBINED = "combined"


class EffectKind(StrEnum):
    """Everything the engine asks of the outside world."""

    BUY_LABEL = "buy_label"
    VOID_LABEL = "void_label"
    SHIP_PACKAGE = "ship_package"
    UPDATE_TRACKING = "update_tracking"
    CANCEL_ORDER = "cancel_order"
    ANSWER_CANCELLATION = "answer_cancellation"
    ANSWER_RETURN = "answer_return"
    SPLIT_ORDER = "split_order"
    COMBINE_PACKAGES = "combine_packages"
    UNCOMBINE_PACKAGE = "uncombine_package"
    RESERVE_STOCK = "reserve_stock"
    RELEASE_STOCK = "release_stock"
    ADJUST_STOCK = "adjust_stock"
    NOTICE = "notice"


class PollTopic(StrEnum):
    """What a shop is asked about again and again, each topic with a cursor of its own."""

    ORDERS = "orders"
    OPEN_ORDERS = "open_orders"
    CANCELLATIONS = "cancellations"
    RETURNS = "returns"
    PRODUCTS = "products"
    STOCK = "stock"


class Dependency(StrEnum):
    """Who an effect talks to; one order's effects reach one dependency in the order they were written."""

    TIKTOK = "tiktok"
    CARRIER = "carrier"
    INVENTORY = "inventory"
    NOTICES = "notices"


class ErrorClass(StrEnum):
    """The specification's four classes of error."""

    VALIDATION = "validation"
    INTEGRATION = "integration"
    BUSINESS = "business"
    SYSTEM = "system"


class StockReason(StrEnum):
    """Why stock on hand changed without an order, as people and the other systems say it."""

    RECEIVED = "received"
    RETURNED = "returned"
    FOUND = "found"
    DAMAGED = "damaged"
    LOST = "lost"
    SHORT_PICK = "short pick"
    EXPIRED = "expired"
    SAMPLE = "sample"
    CORRECTION = "correction"
    OPENING = "opening stock"
    IMPORTED = "imported"
    COUNTED = "counted"
    TRANSFER = "transfer"
    QUALITY = "quality"
    RELEASED = "released"
    SHIPPED = "shipped"
    INVENTORY_SERVICE = "inventory service"


class Backoff(StrEnum):
    """How the wait grows from try to try, in an action's `retry_config`."""

    LINEAR = "linear"
    EXPONENTIAL = "exponential"


class HoldReason(StrEnum):
    """Why an order is held."""

    PAYMENT = "payment"
    FRAUD = "fraud"
    ADDRESS = "address"
    STOCK = "stock"
    COOLING_OFF = "cooling-off"
    OTHER = "other"


class ChangeSource(StrEnum):
    """Who changed something (`change_source`)."""

    SYSTEM = "system"
    USER = "user"
    TIKTOK_SHOP = "tiktok_shop"


class Audience(StrEnum):
    """Whom a notice is written for."""

    CUSTOMER = "customer"
    CREATOR = "creator"
    WAREHOUSE = "warehouse"
    SUPPORT = "support"


class NoticeChannel(StrEnum):
    """How a notice travels."""

    EMAIL = "email"
    APPRISE = "apprise"
    TIKTOK_MESSAGE = "tiktok_message"


class TargetState(StrEnum):
    """What is known of a target; nothing goes to one that is failing until a person says that it is mended."""

    UNCHECKED = "unchecked"
    FINE = "fine"
    FAILING = "failing"


class SendState(StrEnum):
    """One notice to one target: failed is tried again, dead is not."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DEAD = "dead"
    BOUNCED = "bounced"
    SUPPRESSED = "suppressed"
