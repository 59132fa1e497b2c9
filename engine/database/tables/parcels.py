"""Packages and what is in them, documents, manifests, cancellations, returns, waves. Orders and packages are many-to-many."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from engine.database.tables.schema import (
    Amount,
    Json,
    Sealed,
    Time,
    key,
    metadata,
    moment,
    one_of,
    point,
    refer,
)
from engine.words import DocumentKind, PackageState, TrackingStatus


def _answer() -> tuple[Column[object], ...]:
    """What a person decided about a request of the buyer's; `decision` is empty until then."""
    return (
        Column("decision", Text, nullable=False, server_default=""),
        Column("decided_by", Text),
        Column("decided_at", Time),
        Column(
            "reject_reason", Text, nullable=False, server_default="", comment="TikTok's name for why it was rejected"
        ),
        Column("answer_comment", Sealed, comment="text: what the buyer is told besides"),
    )


packages = Table(
    "packages",
    metadata,
    key(),
    point("shop_id"),
    point("location_id"),
    Column("state", Text, nullable=False, server_default="planned"),
    Column("generation", Integer, nullable=False, server_default="1", comment="rises after a recorded void only"),
    Column("weight_grams", Integer),
    Column("provider", Text, nullable=False, server_default=""),
    Column("carrier", Text, nullable=False, server_default=""),
    Column("service", Text, nullable=False, server_default=""),
    Column("tracking_number", Text(collation="C"), nullable=False, server_default=""),
    Column("tracking_status", Text, nullable=False, server_default="unknown"),
    Column("tracking_detail", Text, nullable=False, server_default=""),
    Column("shipment_reference", Text, nullable=False, server_default=""),
    Column("tracker_reference", Text, nullable=False, server_default=""),
    Column("tiktok_package_id", Text, nullable=False, server_default=""),
    Column("label_cost", Amount),
    Column("label_currency", Text),
    moment("labelled_at"),
    moment("told_at"),
    Column("told_tracking_number", Text, nullable=False, server_default=""),
    moment("handed_over_at"),
    moment("first_scan_at"),
    moment("delivered_at"),
    Column("tracked_at", Time, comment="when the carrier last changed what it says of it"),
    Column("track_due_at", Time),
    point("combined_into", nullable=True),
    Column("backordered", Boolean, nullable=False, server_default=text("false"), comment="its goods wait for stock"),
    Column(
        "after_void", Text, nullable=False, server_default="", comment="what becomes of it once its label is voided"
    ),
    Column("left_at", Time, comment="when its goods left, should they have left before the order's others"),
    point("manifest_id", nullable=True),
    moment("packed_at"),
    Column("packed_by", Text),
    Column("station", Text, nullable=False, server_default="", comment="where it was packed"),
    Column("label_address", Sealed, comment="the order's address, sealed, as its label has it"),
    Column("version", Integer, nullable=False, server_default="1"),
    moment("created_at", required=True),
    moment("updated_at", required=True),
    CheckConstraint(
        one_of("state", PackageState),
        name="state",
    ),
    CheckConstraint(one_of("tracking_status", TrackingStatus), name="tracking_status"),
    CheckConstraint(one_of("after_void", ("", "plan", "buy")), name="after_void"),
    postgresql_with={"fillfactor": "70"},
)
tracking_exports = Table(
    "tracking_exports",
    metadata,
    refer("package_id", "packages.id", cascade=True),
    Column("tracking_number", Text, nullable=False, comment="the number that a file for upload has"),
    moment("exported_at", required=True),
    Column("exported_by", Text, nullable=False),
    moment("confirmed_at"),
    Column("confirmed_by", Text, comment="who said that the file was uploaded"),
    PrimaryKeyConstraint("package_id"),
)
Index(
    "packages_tracking_number_index",
    packages.c.tracking_number,
    postgresql_where=text("tracking_number <> ''"),
)
Index(
    "packages_tiktok_package_index",
    packages.c.tiktok_package_id,
    postgresql_where=text("tiktok_package_id <> ''"),
)
Index(
    "packages_exception_index",
    packages.c.id,
    postgresql_where=text("tracking_status IN ('returning', 'failed')"),
)
Index("packages_combined_index", packages.c.combined_into, postgresql_where=text("combined_into IS NOT NULL"))
Index("packages_manifest_index", packages.c.manifest_id, postgresql_where=text("manifest_id IS NOT NULL"))
Index("packages_track_due_index", packages.c.track_due_at, postgresql_where=text("track_due_at IS NOT NULL"))

package_items = Table(
    "package_items",
    metadata,
    point("package_id"),
    point("order_item_id"),
    point("order_id"),
    Column("quantity", Integer, nullable=False),
    PrimaryKeyConstraint("package_id", "order_item_id"),
    CheckConstraint("quantity > 0", name="quantity"),
)
Index("package_items_order_index", package_items.c.order_id)

documents = Table(
    "documents",
    metadata,
    key(),
    point("package_id"),
    Column("kind", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", Text, nullable=False, server_default="", comment="A6, A5; empty where there is but one"),
    Column("body", Sealed, nullable=False),
    moment("created_at", required=True),
    UniqueConstraint("package_id", "kind", "generation", "media_type", "size"),
    CheckConstraint(one_of("kind", DocumentKind), name="kind"),
)

manifests = Table(
    "manifests",
    metadata,
    key(),
    refer("user_id", "users.id"),
    refer("location_id", "locations.id"),
    Column("carrier", Text, nullable=False),
    Column("day", Date, nullable=False, comment="by the location's own calendar"),
    Column("state", Text, nullable=False, server_default="making"),
    Column("parcels", Integer, nullable=False),
    Column("reference", Text, nullable=False, server_default=""),
    Column("error", Text),
    Column("media_type", Text, nullable=False, server_default=""),
    Column("body", Sealed),
    moment("created_at", required=True),
    moment("made_at"),
    CheckConstraint(one_of("state", ("making", "made", "failed")), name="state"),
)
Index("manifests_day_index", manifests.c.day)

cancellations = Table(
    "cancellations",
    metadata,
    key(),
    refer("order_id", "orders.id", cascade=True),
    Column("tiktok_cancel_id", Text, nullable=False, unique=True),
    Column("cancel_type", Text, nullable=False, comment="CANCEL or BUYER_CANCEL"),
    Column("channel_status", Text, nullable=False),
    Column("role", Text, nullable=False, server_default="", comment="who asked: BUYER, SELLER, SYSTEM, OPERATOR"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("refund_amount", Amount),
    Column("currency", Text),
    Column("respond_by", Time, comment="TikTok approves it by itself then"),
    Column("lines", Json, nullable=False, server_default=text("'[]'::jsonb")),
    moment("channel_updated_at"),
    *_answer(),
    moment("created_at", required=True),
    moment("updated_at", required=True),
    CheckConstraint(one_of("decision", ("", "approve", "reject")), name="decision"),
)
Index("cancellations_order_index", cancellations.c.order_id)
Index("cancellations_open_index", cancellations.c.respond_by, postgresql_where=text("channel_status LIKE '%PENDING'"))

returns = Table(
    "returns",
    metadata,
    key(),
    refer("order_id", "orders.id", cascade=True),
    Column("tiktok_return_id", Text, nullable=False, unique=True),
    Column("return_type", Text, nullable=False),
    Column("channel_status", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("refund_amount", Amount),
    Column("currency", Text),
    moment("respond_by"),
    Column("lines", Json, nullable=False, server_default=text("'[]'::jsonb")),
    moment("channel_updated_at"),
    moment("received_at"),
    Column("received_by", Text),
    Column("received", Json, comment="what came back: [{sku, restocked, damaged}]"),
    *_answer(),
    moment("created_at", required=True),
    moment("updated_at", required=True),
    CheckConstraint(one_of("decision", ("", "approve", "reject")), name="decision"),
)
Index("returns_order_index", returns.c.order_id)

waves = Table(
    "waves",
    metadata,
    key(),
    refer("location_id", "locations.id"),
    Column("number", BigInteger, Identity(), nullable=False, unique=True, comment="what people call it"),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="open"),
    refer("picker", "users.id", nullable=True),
    Column("picker_name", Text, nullable=False, server_default="", comment="who picks it, a user or not"),
    Column("made_by", Text, nullable=False, server_default=""),
    moment("created_at", required=True),
    moment("closed_at"),
    CheckConstraint(one_of("state", ("open", "picking", "done")), name="state"),
)
Index("waves_open_index", waves.c.number, postgresql_where=text("state <> 'done'"))

pick_lines = Table(
    "pick_lines",
    metadata,
    key(),
    point("order_id"),
    point("order_item_id"),
    point("location_id"),
    refer("wave_id", "waves.id", nullable=True),
    Column("bin", Text, nullable=False, server_default=""),
    Column("quantity", Integer, nullable=False),
    Column("state", Text, nullable=False, server_default="open"),
    moment("created_at", required=True),
    moment("closed_at"),
    UniqueConstraint("order_item_id"),
    CheckConstraint(one_of("state", ("open", "picked", "cancelled")), name="state"),
)
Index("pick_lines_order_index", pick_lines.c.order_id)
Index("pick_lines_wave_index", pick_lines.c.wave_id, postgresql_where=text("wave_id IS NOT NULL"))
Index(
    "pick_lines_open_index",
    pick_lines.c.location_id,
    pick_lines.c.order_id,
    postgresql_where=text("state = 'open' AND wave_id IS NULL"),
)
