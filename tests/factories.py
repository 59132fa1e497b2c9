"""Rows for tests of the read side, written straight into the tables. All names are invented."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from uuid import UUID

import orjson

from engine.database.connection import Database, DatabaseSettings, open_database
from engine.database.embedded import EmbeddedServer
from engine.identifiers import DEFAULT_CREATOR, DEFAULT_LOCATION, OrderId, PackageId, ShopId, WorkflowId, new_id
from engine.ports.facts import Address
from engine.privacy.cipher import search_words
from engine.words import ErrorClass, ExecutionStatus, HoldReason, OrderStatus, PaymentStatus, WorkflowState

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""When the tests' orders come in, unless told otherwise."""


MASTER_KEY = "7a" * 32


def environment_for(server: EmbeddedServer) -> Mapping[str, str]:
    """The variables with which the program opens this database, as a shared one."""
    host = quote(str(server.socket_directory), safe="")
    return {
        "ORDERS_TUI_DATABASE__URL": f"postgresql://{server.user}@/{server.database}?host={host}&port={server.port}",
        "ORDERS_TUI_DATABASE_PASSWORD": server.password.reveal(),
        "ORDERS_TUI_MASTER_KEY": MASTER_KEY,
    }


@contextlib.asynccontextmanager
async def opened(server: EmbeddedServer, *, with_key: bool = True) -> AsyncIterator[Database]:
    """The test's own database, opened as the program opens a shared one."""
    environment = dict(environment_for(server))
    settings = DatabaseSettings(url=environment["ORDERS_TUI_DATABASE__URL"])
    if not with_key:
        del environment["ORDERS_TUI_MASTER_KEY"]
    database = await open_database(settings, environment)
    try:
        yield database
    finally:
        await database.close()


@dataclass(frozen=True, slots=True)
class Line:
    """One line item to be made."""

    sku: str = "MUG-BLU"
    name: str = "Stoneware mug, blue"
    quantity: int = 1
    unit_price: Decimal = Decimal("12.50")


MUG = Line()
BOWL = Line("BOWL-LG", "Salad bowl, large", 1, Decimal("31.00"))

SOMEWHERE = Address("Ines Falk", "+15550100", "7 Quay Street", "", "Port Alder", "WA", "98000", "US")


class Factory:
    """Makes a shop, products and orders in one database; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.shop_id = ShopId(UUID(int=0x5409))
        self._made = 0

    async def shop(self) -> ShopId:
        """The default creator, location and one shop, once."""
        async with self.database.transaction() as connection:
            await connection.execute(
                "INSERT INTO users (id, display_name, role) VALUES ($1, 'Creator', 'creator') ON CONFLICT DO NOTHING",
                DEFAULT_CREATOR,
            )
            await connection.execute(
                "INSERT INTO locations (id, code, name, address) VALUES ($1, 'MAIN', 'Main warehouse', '{}')"
                " ON CONFLICT DO NOTHING",
                DEFAULT_LOCATION,
            )
            await connection.execute(
                "INSERT INTO shops (id, user_id, location_id, tiktok_shop_id, name)"
                " VALUES ($1, $2, $3, '7495', 'Alder Goods') ON CONFLICT DO NOTHING",
                self.shop_id,
                DEFAULT_CREATOR,
                DEFAULT_LOCATION,
            )
            await self.database.vault.ensure(connection, DEFAULT_CREATOR)
        return self.shop_id

    async def product(
        self, line: Line = MUG, *, on_hand: int = 0, reserved: int = 0, weight_grams: int | None = 400
    ) -> UUID:
        """A product with its stock at the default location."""
        await self.shop()
        product_id = new_id()
        async with self.database.transaction() as connection:
            await connection.execute(
                "INSERT INTO products (id, user_id, sku, name, weight_grams) VALUES ($1, $2, $3, $4, $5)",
                product_id,
                DEFAULT_CREATOR,
                line.sku,
                line.name,
                weight_grams,
            )
            await connection.execute(
                "INSERT INTO stock_levels (product_id, location_id, on_hand, reserved) VALUES ($1, $2, $3, $4)",
                product_id,
                DEFAULT_LOCATION,
                on_hand,
                reserved,
            )
        return product_id

    async def order(
        self,
        *,
        number: str | None = None,
        status: OrderStatus = OrderStatus.PENDING,
        state: WorkflowState = WorkflowState.NEW,
        execution: ExecutionStatus = ExecutionStatus.RUNNING,
        customer: str = "Ines Falk",
        email: str = "ines@example.test",
        phone: str = "+1 555 0100",
        address: Address | None = SOMEWHERE,
        lines: Sequence[Line] = (MUG,),
        ordered_at: datetime = NOON,
        ship_by: datetime | None = None,
        waiting_for: str = "",
        due_at: datetime | None = None,
        **columns: object,
    ) -> OrderId:
        """One order with its items, search words, workflow, first step and, while it is open, its work."""
        await self.shop()
        self._made += 1
        order_id, workflow_id = OrderId(new_id()), WorkflowId(new_id())
        number = number or f"5770000000000{self._made:05d}"
        vault = self.database.vault

        def sealed(column: str, text: str) -> bytes | None:
            return vault.seal_text(DEFAULT_CREATOR, f"orders.{column}", order_id, text)

        document = "" if address is None else orjson.dumps(address).decode()
        values: dict[str, object] = {
            "id": order_id,
            "user_id": DEFAULT_CREATOR,
            "shop_id": self.shop_id,
            "tiktok_order_id": number,
            "order_number": number,
            "order_status": status.value,
            "workflow_status": state.value,
            "payment_status": PaymentStatus.PAID.value,
            "total_amount": sum((line.unit_price * line.quantity for line in lines), Decimal(0)),
            "customer_name": sealed("customer_name", customer),
            "customer_email": sealed("customer_email", email),
            "customer_phone": sealed("customer_phone", phone),
            "shipping_address": sealed("shipping_address", document),
            "order_date": ordered_at,
            "expected_ship_date": ship_by,
            "channel_status": "AWAITING_SHIPMENT",
            "channel_updated_at": ordered_at,
            "channel_digest": hashlib.sha256(number.encode()).digest(),
        } | columns
        async with self.database.transaction() as connection:
            await insert(connection, "orders", values)
            for line in lines:
                await self._line(connection, order_id, line)
            words = sorted({vault.word(word) for word in search_words(customer, email, phone)})
            await connection.execute(
                "INSERT INTO order_search_words (word, order_id) SELECT word, $2 FROM unnest($1::bigint[]) AS w (word)",
                words,
                order_id,
            )
            await insert(
                connection,
                "order_workflows",
                {
                    "id": workflow_id,
                    "order_id": order_id,
                    "workflow_name": "order",
                    "current_step": state.value,
                    "workflow_status": execution.value,
                    "started_at": ordered_at,
                },
            )
            await insert(
                connection,
                "order_workflow_steps",
                {
                    "id": new_id(),
                    "workflow_id": workflow_id,
                    "order_id": order_id,
                    "to_state": state.value,
                    "trigger": "start",
                    "actor": "system",
                    "created_at": ordered_at,
                },
            )
            if execution in {ExecutionStatus.RUNNING, ExecutionStatus.FAILED}:
                work: dict[str, object] = {
                    "order_id": order_id,
                    "workflow_id": workflow_id,
                    "waiting_for": waiting_for,
                    "due_at": due_at,
                    "ready": False,
                }
                await insert(connection, "work", work | ({"ship_by": ship_by} if ship_by else {}))
        return order_id

    async def failed(
        self, *, code: str = "out_of_stock", about: str = "MUG-BLU", failed_at: datetime = NOON, **order: Any
    ) -> OrderId:
        """An order that failed and waits for a person."""
        order_id = await self.order(
            **{"state": WorkflowState.FAILED, "execution": ExecutionStatus.FAILED, "waiting_for": "person"} | order
        )
        async with self.database.transaction() as connection:
            await insert(
                connection,
                "failures",
                {
                    "id": new_id(),
                    "order_id": order_id,
                    "workflow_id": new_id(),
                    "failed_from": WorkflowState.VALIDATED.value,
                    "code": code,
                    "error_class": ErrorClass.BUSINESS.value,
                    "fingerprint": f"{code}:{about}" if about else code,
                    "cause": f"{about} is {code.replace('_', ' ')}.",
                    "evidence": {"sku": about},
                    "what_to_do": f"Receive {about}, then retry.",
                    "created_at": failed_at,
                },
            )
        return order_id

    async def hold(self, order_id: OrderId, reason: HoldReason = HoldReason.COOLING_OFF, note: str = "") -> None:
        hold_id = new_id()
        async with self.database.transaction() as connection:
            await insert(
                connection,
                "holds",
                {
                    "id": hold_id,
                    "order_id": order_id,
                    "reason": reason.value,
                    "note": self.database.vault.seal_text(DEFAULT_CREATOR, "holds.note", hold_id, note),
                    "placed_by": "tiktok_shop" if reason is HoldReason.COOLING_OFF else "mira",
                    "placed_at": NOON,
                },
            )

    async def package(self, order_id: OrderId, tracking_number: str, **columns: object) -> PackageId:
        """A package with all of the order's items."""
        package_id = PackageId(new_id())
        async with self.database.transaction() as connection:
            await insert(
                connection,
                "packages",
                {
                    "id": package_id,
                    "shop_id": self.shop_id,
                    "location_id": DEFAULT_LOCATION,
                    "state": "labelled",
                    "carrier": "USPS",
                    "service": "GroundAdvantage",
                    "tracking_number": tracking_number,
                    "label_cost": Decimal("4.10"),
                    "label_currency": "USD",
                    "labelled_at": NOON,
                }
                | columns,
            )
            await connection.execute(
                "INSERT INTO package_items (package_id, order_item_id, order_id, quantity)"
                " SELECT $1, id, order_id, quantity FROM order_items WHERE order_id = $2",
                package_id,
                order_id,
            )
        return package_id

    async def _line(self, connection: Any, order_id: OrderId, line: Line) -> None:
        product_id = await connection.fetchval(
            "SELECT id FROM products WHERE user_id = $1 AND sku = $2", DEFAULT_CREATOR, line.sku
        )
        await insert(
            connection,
            "order_items",
            {
                "id": new_id(),
                "order_id": order_id,
                "product_id": product_id,
                "product_name": line.name,
                "product_sku": line.sku,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                "total_price": line.unit_price * line.quantity,
            },
        )

    async def many(self, number: int, *, first_at: datetime = NOON - timedelta(days=30)) -> None:
        """`number` delivered orders a minute apart, oldest first; then the planner's statistics are made."""
        await self.shop()
        async with self.database.transaction() as connection:
            await connection.execute(
                """
                INSERT INTO orders (id, user_id, shop_id, tiktok_order_id, order_number, order_status, workflow_status,
                                    total_amount, order_date, expected_ship_date, channel_status, channel_updated_at,
                                    channel_digest)
                SELECT gen_random_uuid(), $2, $3, number, number, 'delivered', 'completed', (n * 37 % 20000) / 100.0,
                       at, at + interval '2 days', 'DELIVERED', at, '\\x00'
                  FROM generate_series(1, $1::int) n,
                       LATERAL (SELECT '5760' || lpad(n::text, 14, '0') AS number,
                                       $4::timestamptz + n * interval '1 minute' AS at) x
                """,
                number,
                DEFAULT_CREATOR,
                self.shop_id,
                first_at,
            )
            await connection.execute(
                """
                INSERT INTO order_items (order_id, product_name, product_sku, quantity, unit_price, total_price)
                SELECT id, 'Linen towel', 'TOWEL-' || right(order_number, 3), 1, total_amount, total_amount
                  FROM orders WHERE order_number LIKE '5760%'
                """
            )
            await connection.execute(
                """
                WITH closed AS (
                    INSERT INTO order_workflows (order_id, workflow_name, current_step, workflow_status, started_at)
                    SELECT id, 'order', 'completed', 'completed', order_date FROM orders WHERE order_number LIKE '5760%'
                    RETURNING id, order_id, started_at)
                INSERT INTO order_workflow_steps
                       (workflow_id, order_id, from_state, to_state, trigger, actor, created_at)
                SELECT id, order_id, 'shipped', 'completed', 'deliver', 'system', started_at FROM closed
                """
            )
        await self.database.pool.execute("ANALYZE")


async def insert(connection: Any, table: str, values: dict[str, object]) -> None:
    """One row; names are the columns."""
    places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
    await connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", *values.values())  # noqa: S608
