"""`orders-tui orders`: list, show, set-status, retry; many at once are in `order_bulk`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.errors import Misconfigured
from engine.orders.views import OrderFilter, OrderRow, OrderSort
from orders_tui.cli.exits import Exit
from orders_tui.cli.order_filter import Filters, status_named
from orders_tui.cli.order_targets import Json, Reason, find_all, report_outcomes
from orders_tui.cli.order_text import row_document, row_line, story
from orders_tui.cli.output import emit, emit_json, narrate, progress
from orders_tui.opening import open_services
from orders_tui.services import Services
from orders_tui.settings_file import read_settings

PAGE = 500
ALL = Filters()

app = cyclopts.App(name="orders", help="List, show, change and retry orders.")
for _target, _name, _help in (
    ("order_holds:hold", "hold", "Hold orders until the hold is lifted or its time is over."),
    ("order_holds:release", "release", "Lift holds; the orders go on by themselves."),
    ("order_holds:list_holds", "holds", "List the holds of open orders, oldest first."),
    ("order_resuming:resume", "resume", "Correct what was wrong with a failed order and send it on."),
    ("order_resuming:correct_address", "correct-address", "Correct the address of an order whose label is not bought."),
    ("order_resuming:skip", "skip", "Pass over the step that orders failed on or wait for, on your word."),
    ("order_marks:tag", "tag", "Give orders tags."),
    ("order_marks:untag", "untag", "Take tags off orders."),
    ("order_marks:assign", "assign", "Hand orders to somebody."),
    ("order_marks:note", "note", "Write a note on orders."),
    ("order_marks:acknowledge", "acknowledge", "Acknowledge the notes that stop orders from being shipped."),
    ("order_marks:prioritise", "prioritise", "Set the priority of orders, or leave it to their deadlines."),
    ("order_parcels:cancel", "cancel", "Cancel orders that have not left; stock and labels go back, TikTok is told."),
    ("order_parcels:split", "split", "Split an order into two parcels, or ship what is in stock."),
    ("order_parcels:combine", "combine", "Put orders of one buyer into one parcel."),
    ("order_answers:combinable", "combinable", "List the orders that TikTok itself would put into one package."),
    ("order_parcels:uncombine", "uncombine", "Take a combined parcel apart."),
    ("order_parcels:hand_over", "hand-over", "Say that parcels left the house."),
    ("order_shipping:label", "label", "Write an order's labels to files, as they were bought or in another format."),
    ("order_parcels:void_label", "void-label", "Give a parcel's label back to the carrier."),
    ("order_parcels:buy_label", "buy-label", "Buy another label for a parcel whose label was voided."),
    ("order_answers:cancellations", "cancellations", "List buyers' requests to cancel, the most urgent first."),
    ("order_answers:answer_cancellation", "answer-cancellation", "Say yes or no to a buyer who asks to cancel."),
    ("order_answers:answer_return", "answer-return", "Say what becomes of a return."),
    ("order_answers:open_return", "open-return", "Open a return or a refund for a buyer."),
    ("order_answers:cancel_reasons", "cancel-reasons", "List the reasons for which a buyer's request may be rejected."),
    (
        "order_shipping:rates",
        "rates",
        "List what carriers offer for an order's parcels, and which offer would be bought.",
    ),
    ("order_shipping:check_address", "check-address", "Ask carriers whether they deliver to an order's address."),
    ("order_shipping:document", "document", "Write what TikTok prints for an order's parcels to files."),
    ("order_returns:returns", "returns", "List returns, newest first."),
    ("order_returns:receive_return", "receive-return", "Book what came back."),
    ("order_export:export", "export", "Write the orders of a filter as CSV or JSON Lines."),
    ("order_bulk:bulk", "bulk", "Change many orders: those named, or all that match."),
    ("order_bulk:undo", "undo", "Take a bulk change back."),
):
    app.command(f"orders_tui.cli.{_target}", name=_name, help=_help)
app.command("orders_tui.cli.timeline:timeline", name="timeline", help="Tell one order's story, whole or of some kinds.")


@app.command(name="list")
async def list_orders(
    *,
    filters: Filters = ALL,
    sort: OrderSort = OrderSort.ORDER_DATE,
    ascending: Annotated[bool, Parameter(negative=())] = False,
    limit: Annotated[int, Parameter(help="How many at most; 0 for all.")] = 200,
    json: Json = False,
) -> int:
    """List orders, newest first."""
    filters.order_filter()  # what cannot be meant is told before anything is opened
    async with open_services(read_settings(), on_wait=narrate) as services:
        order_filter = filters.order_filter(sort, ascending=ascending, me=services.me)
        shown = 0
        async for row in _stream(services, order_filter):
            if limit and shown == limit:
                narrate(f"Only the first {limit} are shown: --limit 0 gives all.")
                break
            if json:
                emit_json(row_document(row))
            else:
                emit(row_line(row))
            shown += 1
    return Exit.OK


@app.command
async def show(
    order: Annotated[str, Parameter(help="Order number, package id or tracking number.")], *, json: Json = False
) -> int:
    """Show one order: why it has not moved, its items, packages and story."""
    async with open_services(read_settings(), on_wait=narrate) as services:
        [order_id] = await find_all(services, [order])
        detail = await services.detail(order_id)
    if json:
        emit_json(detail)
    else:
        for line in story(detail):
            emit(line)
    return Exit.OK


@app.command
async def set_status(
    *targets: Annotated[str, Parameter(help="Order numbers, then the status.", name="ORDER... STATUS")],
    reason: Reason,
    dry_run: Annotated[bool, Parameter(negative=(), help="Say what would happen, change nothing.")] = False,
    json: Json = False,
) -> int:
    """Set the status of one or more orders: `orders set-status 5771 5772 shipped --reason "handed over"`."""
    if len(targets) < 2:
        raise Misconfigured("usage.targets", "Give at least one order and then the status: set-status ORDER... STATUS.")
    wanted = status_named(targets[-1])
    async with open_services(read_settings(), on_wait=narrate) as services:
        order_ids = await find_all(services, targets[:-1])
        if dry_run:
            outcomes = await services.preview_status(order_ids, wanted)
            return report_outcomes(outcomes, json=json)
        report = await services.change_status(order_ids, wanted, reason=reason, on_progress=progress())
    if json:
        emit_json(report)
    else:
        for outcome in report.errors:
            emit(f"{outcome.order_number}  refused: {outcome.sentence}")
        narrate(f"{report.processed - report.failed} changed to {wanted}, {report.failed} refused.")
    return Exit.REFUSED if report.failed else Exit.OK


@app.command
async def retry(
    *orders: Annotated[str, Parameter(help="Order numbers.")], reason: Reason = "", json: Json = False
) -> int:
    """Send failed orders on from the state they failed in."""
    if not orders:
        raise Misconfigured("usage.targets", "Give at least one order: orders retry ORDER...")
    async with open_services(read_settings(), on_wait=narrate) as services:
        outcomes = await services.retry(await find_all(services, orders), reason=reason)
    return report_outcomes(outcomes, json=json)


async def _stream(services: Services, order_filter: OrderFilter) -> AsyncIterator[OrderRow]:
    page = await services.page(order_filter, limit=PAGE)
    while True:
        for row in page.rows:
            yield row
        if not page.more_after or not page.rows:
            return
        page = await services.page(order_filter, after=page.rows[-1].key, limit=PAGE)
