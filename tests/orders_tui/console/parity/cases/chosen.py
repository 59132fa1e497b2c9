"""What is done to chosen orders: bulk changes, and what the menu of actions offers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from engine.actors import Actor
from engine.database.connection import Database
from engine.identifiers import new_id
from engine.orders.bulk.requests import BulkKind, BulkRequest
from engine.orders.views import OrderFilter
from engine.words import ChangeSource, ExecutionStatus, HoldReason, OrderStatus, WorkflowState
from orders_tui.opening import standing_of
from orders_tui.services import Services
from tests.factories import BOWL, MUG, NOON, Factory, Line
from tests.orders_tui.console.parity.case import Case, Prepare, Scene

PICKED, READY = WorkflowState.INVENTORY_RESERVED, WorkflowState.READY_TO_SHIP
DOING = OrderStatus.PROCESSING


async def people(factory: Factory) -> None:
    """The person at the desk, another one, and goods for every order."""
    await factory.product(on_hand=100)
    await factory.product(BOWL, on_hand=100)
    await factory.database.pool.execute(
        "INSERT INTO users (display_name, role, login_role) VALUES ('mira', 'admin', session_user), ('Jon', 'operator', NULL)"
    )


def _at(minute: int) -> dict[str, Any]:
    """The newest order so far, so that the cursor stands on it."""
    return {"number": f"ORD-{minute:02d}", "ordered_at": NOON + timedelta(minutes=minute)}


def _order(minute: int, **columns: Any) -> Prepare:
    async def prepare(factory: Factory) -> None:
        await factory.order(**_at(minute), **columns)

    return prepare


_UNLABELLED = {"labelled_at": None, "label_cost": None, "label_currency": None, "carrier": "", "service": ""}


def _parcel(
    minute: int, state: WorkflowState, package: str, *, lines: tuple[Line, ...] = (MUG,), **columns: Any
) -> Prepare:
    async def prepare(factory: Factory) -> None:
        order = await factory.order(**_at(minute), status=DOING, state=state, lines=lines)
        planned = package == "planned"
        what = {"state": package, **(_UNLABELLED if planned else {}), **columns}
        await factory.package(order, "" if planned else f"9400{minute}", **what)

    return prepare


async def _two_of_one_buyer(factory: Factory) -> None:
    for minute in (20, 21):
        await _parcel(minute, PICKED, "planned")(factory)


def _failed(minute: int) -> Prepare:
    async def prepare(factory: Factory) -> None:
        await factory.failed(**_at(minute), failed_from="validated")

    return prepare


def _held(minute: int) -> Prepare:
    async def prepare(factory: Factory) -> None:
        await factory.hold(await factory.order(**_at(minute)), HoldReason.FRAUD)

    return prepare


def _noted(minute: int) -> Prepare:
    async def prepare(factory: Factory) -> None:
        order = await factory.order(**_at(minute))
        services = Services(factory.database, Actor("Jon", ChangeSource.USER))
        await services.marks.note([order], "add the card", must_acknowledge=True)
        await services.close()

    return prepare


def _paused(minute: int) -> Prepare:
    return _order(minute, execution=ExecutionStatus.PAUSED)


def _asked(minute: int) -> Prepare:
    async def prepare(factory: Factory) -> None:
        order = await factory.order(**_at(minute), cancel_requested=True)
        await factory.database.pool.execute(
            "INSERT INTO cancellations (id, order_id, tiktok_cancel_id, cancel_type, channel_status, role, reason, channel_updated_at)"
            " VALUES ($1, $2, '4035', 'BUYER_CANCEL', 'CANCELLATION_REQUEST_PENDING', 'BUYER', 'ordered twice', $3)",
            new_id(), order, NOON,
        )  # fmt: skip

    return prepare


def _returned(minute: int) -> Prepare:
    async def prepare(factory: Factory) -> None:
        order = await factory.order(
            **_at(minute),
            status=OrderStatus.DELIVERED,
            state=WorkflowState.COMPLETED,
            execution=ExecutionStatus.COMPLETED,
        )
        await factory.database.pool.execute(
            "INSERT INTO returns (id, order_id, tiktok_return_id, return_type, channel_status, reason, lines, channel_updated_at)"
            " VALUES ($1, $2, '4036', 'REFUND', 'RETURN_OR_REFUND_REQUEST_PENDING', 'broken', '[]', $3)",
            new_id(), order, NOON,
        )  # fmt: skip

    return prepare


def _menu(action: str, minute: int, keys: tuple[str, ...], command: tuple[str, ...], prepare: Prepare) -> Case:
    return Case(f"orders.{action}", ("f3", "full_stop", *keys), command, prepare=prepare)


async def many_that_stop(factory: Factory) -> None:
    """Orders enough for three parts, and a database that asks each batch to stop after its first part."""
    for minute in range(41):
        await factory.order(**_at(minute))
    await factory.database.pool.execute(
        """
        CREATE FUNCTION stop_early() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN NEW.stop_asked := NEW.stop_asked OR OLD.processed = 0 AND NEW.processed > 0; RETURN NEW; END $$;
        CREATE TRIGGER stop_early BEFORE UPDATE ON batches FOR EACH ROW EXECUTE FUNCTION stop_early()
        """
    )


async def the_stopped_batch(database: Database) -> list[str]:
    """The same change begun by a program, which was stopped as well."""
    services = Services(database, (await standing_of(database, embedded=False)).actor)
    report = await services.bulk.run(BulkRequest(BulkKind.TAG, {"tags": ["gift"]}), OrderFilter(), part_size=20)
    assert not report.finished
    await services.close()
    return ["batch", "continue", report.batch_id]


SCENES = (
    Scene(
        "bulk changes",
        (
            Case("orders.retry", ("f3", "r"), ("orders", "retry", "ORD-01"), prepare=_failed(1)),
            Case("orders.hold", ("f3", "h", "enter"), ("orders", "hold", "ORD-02", "--reason", "payment"), prepare=_order(2)),
            Case("orders.release", ("f3", "H", "enter"), ("orders", "release", "ORD-03"), prepare=_held(3)),
            Case("orders.tag", ("f3", "t", "type:gift", "enter"), ("orders", "tag", "ORD-04", "--tag", "gift"), prepare=_order(4)),
            Case("orders.undo", ("f3", "u", "enter", "enter"), ("orders", "undo")),
            Case("orders.untag", ("f3", "T", "enter"), ("orders", "untag", "ORD-05", "--tag", "vip"), prepare=_order(5, tags=["vip"])),
            Case("orders.assign", ("f3", "w", "down", "down", "enter"), ("orders", "assign", "ORD-06", "--to", "Jon"), prepare=_order(6)),
            Case("orders.assign_me", ("f3", "W"), ("orders", "assign", "ORD-07", "--to", "mira"), prepare=_order(7)),
            Case("orders.priority", ("f3", "p", "enter"), ("orders", "prioritise", "ORD-08", "--level", "5"), prepare=_order(8)),
            Case(
                "orders.cancel",
                ("f3", "X", "enter", "type:sold out", "enter", "type:cancel", "enter"),
                ("orders", "cancel", "ORD-09", "--reason", "out_of_stock", "--note", "sold out"),
                prepare=_order(9),
            ),
            Case("orders.menu", ("f3", "full_stop"), shows="What to do with order ORD-09"),
        ),
        people,
    ),
    Scene(
        "the menu",
        (
            Case(
                "orders.note", ("f3", "N", "tab", "type:add the card", "enter"),
                ("orders", "note", "ORD-01", "--text", "add the card"), prepare=_order(1),
            ),
            Case(
                "orders.acknowledge", ("f3", "full_stop", "a"), ("orders", "acknowledge", "ORD-02"), prepare=_noted(2),
                # The link before it is sealed by each database for itself.
                ignores=frozenset({"audit_log.previous_hash"}),
            ),
            _menu("pause", 3, ("z", "enter"), ("workflow", "pause", "ORD-03"), _order(3)),
            Case("orders.resume", ("f3", "full_stop", "Z", "enter"), ("workflow", "resume", "ORD-03")),
            _menu("trigger", 4, ("F", "down", "enter"), ("workflow", "trigger", "ORD-04", "--force-restart"), _order(4)),
            _menu(
                "correct_address", 5, ("e", "end", "type:x", "enter"),
                ("orders", "correct-address", "ORD-05", "--line", "name=Ines Falkx"), _order(5),
            ),
            _menu("answer_cancellation", 6, ("A", "enter"), ("orders", "answer-cancellation", "ORD-06", "approve"), _asked(6)),
            _menu("answer_return", 7, ("R", "enter"), ("orders", "answer-return", "4036", "APPROVE_REFUND"), _returned(7)),
            _menu(
                "hand_over", 8, ("o", "type:shipped", "enter"),
                ("orders", "hand-over", "ORD-08"), _parcel(8, READY, "labelled"),
            ),
            _menu(
                "void_label", 9, ("v", "tab", "type:wrong size", "enter", "type:void", "enter"),
                ("orders", "void-label", "ORD-09", "--reason", "wrong size"), _parcel(9, READY, "labelled"),
            ),
            _menu(
                "split", 10, ("d", "tab", "type:1", "enter"),
                ("orders", "split", "ORD-10", "MUG-BLU=1"), _parcel(10, PICKED, "planned", lines=(MUG, BOWL)),
            ),
        ),
        people,
    ),
    Scene(
        "parcels",
        (
            Case(
                "orders.combine", ("f3", "space", "down", "space", "full_stop", "c", "enter"),
                ("orders", "combine", "ORD-21", "ORD-20"), prepare=_two_of_one_buyer,
            ),
            Case("orders.uncombine", ("f3", "full_stop", "C", "enter"), ("orders", "uncombine", "ORD-21")),
            _menu("buy_label", 22, ("M", "enter"), ("orders", "buy-label", "ORD-22"), _parcel(22, PICKED, "planned", generation=2)),
            Case(
                "orders.skip", ("f3", "x", "type:in my hands", "enter"),
                ("orders", "skip", "ORD-23", "--reason", "in my hands"), prepare=_parcel(23, PICKED, "labelled"),
            ),
        ),
        people,
    ),
    Scene(
        "a change that was stopped",
        (Case("report.go_on", ("f3", "A", "t", "type:gift", "enter", "enter", "c"), the_stopped_batch, shows="41 orders tagged"),),
        many_that_stop,
    ),
)  # fmt: skip
