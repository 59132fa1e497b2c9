"""When an action is out of reach: each check answers with one sentence, empty when nothing stands in the way."""

from __future__ import annotations

from dataclasses import dataclass

from engine.access.roles import LEADS, WORKS, Role


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides whether an action is within reach; each screen describes itself with one of these."""

    connected: bool = True
    read_only: bool = False
    role: Role = Role.ADMIN
    """What the person is here."""
    rows: int = 0
    chosen: int = 0
    """How many orders an action would touch: the marked ones, or the one under the cursor."""
    marked: int = 0
    everything: bool = False
    """All orders that match the filter are marked, seen or not."""
    group_code: str = ""
    """The failure code under the cursor of the Failed screen."""
    on_order: bool = False
    """The Failed screen's cursor is on one order, not on a group."""
    unchangeable: str = ""
    """Why the setting under the cursor cannot be changed here."""
    wave: bool = False
    """The cursor is on a wave that is not done."""
    stop: bool = False
    """The cursor is on a stop of a walk."""
    stop_left: bool = False
    """Something is still to be picked there."""
    stop_picked: bool = False
    """Something is picked there."""
    parcel: bool = False
    """A parcel is in hand that may be packed."""
    packed: bool = False
    """The parcel in hand is packed."""
    paper: bool = False
    """There is a wave under the cursor, a walk or a parcel in hand that paper can be printed of."""
    goods: bool = False
    """There are goods under the cursor, or in hand, that are to be put back."""
    behind: bool = False
    """There are orders, or a screen, behind the figure under the cursor."""
    command: bool = False
    """What is under the cursor has a command line that does or shows the same."""
    linked: bool = False
    """The order in the pane stands for another one, or another one for it."""
    refused: int = 0
    """How many orders the change that is told of, or is under the cursor, was refused by."""
    bulk_state: str = ""
    """How the bulk change under the cursor stands; empty when there is none."""
    unfinished: bool = False
    """The change that a report tells of has orders left."""
    sku: str = ""
    """The product under the cursor of a list of stock."""
    kit: bool = False
    """It has no stock of its own."""
    held_units: int = 0
    waiting_orders: int = 0
    """How many orders wait for it."""
    alarms: int = 0
    aliases: int = 0
    movement: str | None = None
    """Why the movement under the cursor cannot be taken back, empty when it can; None without one."""
    movement_order: bool = False
    """The movement under the cursor was an order's."""
    counted_line: bool = False
    """The cursor is on a line of a count that is still open."""
    rule: str = ""
    """The rule under the cursor."""
    rule_broken: bool = False
    place: bool = False
    """The cursor is on a location or a station."""
    view: str = ""
    """The saved view that is open."""
    rows_move: bool = True
    """The table may re-sort: it shows a filter, not the marked orders alone."""


def needs_view(now: Situation) -> str:
    """Needs a saved view that is open."""
    return "" if now.view else "No saved view is open; V lists them."


def never(_: Situation) -> str:
    """Always within reach."""
    return ""


def needs_rows(now: Situation) -> str:
    """Needs a list that is not empty."""
    return "" if now.rows else "There is no order in this list."


def needs_chosen(now: Situation) -> str:
    """Needs marks or a cursor on an order."""
    return "" if now.chosen else "Put the cursor on an order first, or mark some with space."


def needs_link(now: Situation) -> str:
    """Needs an order that another one stands for."""
    return "" if now.linked else "No other order stands for this one."


def needs_one(now: Situation) -> str:
    """Needs just one order."""
    if now.chosen > 1:
        return f"{now.chosen:,} orders are marked; this is done to one at a time."
    return needs_chosen(now)


def needs_several(now: Situation) -> str:
    """Needs more than one order."""
    return "" if now.chosen > 1 else "Mark two or more orders first, with space."


def needs_marks(now: Situation) -> str:
    """Needs orders marked one by one."""
    if now.everything:
        return "All matching orders are marked; the list already shows them."
    return "" if now.marked else "No order is marked; space marks the one under the cursor."


def needs_filter_view(now: Situation) -> str:
    """Needs the list of a filter, not the marked orders alone."""
    return "" if now.rows_move else "Only the marked orders are shown; m brings the whole list back."


def needs_writing(now: Situation) -> str:
    """Needs a database that answers and a console that may write."""
    if now.read_only:
        return "This console is read-only (console.read_only in the configuration); it changes nothing."
    if not now.connected:
        return "The database is out of reach; this works again as soon as it is back."
    return ""


def needs_working(now: Situation) -> str:
    """Needs a console that may write, and somebody who works here."""
    if now.role not in WORKS:
        return f"Your role here is {now.role}: you may look at everything, and change nothing."
    return needs_writing(now)


def needs_leading(now: Situation) -> str:
    """Needs a console that may write, and somebody who leads here."""
    if now.role in WORKS and now.role not in LEADS:
        return f"This changes how the house works, which takes a supervisor or an admin; your role here is {now.role}."
    return needs_working(now)


def needs_refused(now: Situation) -> str:
    """Needs a report with refused orders."""
    return "" if now.refused else "No order was refused."


def needs_rest(now: Situation) -> str:
    """Needs a report of a change that has orders left."""
    return "" if now.unfinished else "Nothing is left of it."


def needs_group(now: Situation) -> str:
    """Needs a failure under the cursor."""
    return "" if now.group_code else "Nothing has failed here."


def needs_orders_behind(now: Situation) -> str:
    """Needs a figure that stands for orders."""
    return "" if now.behind else "No orders stand behind this figure."


def needs_order_behind(now: Situation) -> str:
    """Needs a line about an order."""
    return "" if now.behind else "This is not about one order."


def may_change_setting(now: Situation) -> str:
    """Needs a setting that is changed here."""
    return now.unchangeable


def needs_place(now: Situation) -> str:
    """Needs a location or a station under the cursor."""
    return "" if now.place else "Put the cursor on a location or a station first: they are among the places."


def needs_command(now: Situation) -> str:
    """Needs a line that has a command line."""
    return "" if now.command else "There is no command line for this."


def needs_bulk_change(now: Situation) -> str:
    """Needs a bulk change under the cursor."""
    return "" if now.bulk_state else "Put the cursor on a bulk change first (the arrow keys lead to that part)."


def needs_bulk_running(now: Situation) -> str:
    """Needs a bulk change that is under way."""
    return needs_bulk_change(now) or ("" if now.bulk_state == "running" else "This bulk change is not under way.")


def needs_bulk_stopped(now: Situation) -> str:
    """Needs a bulk change with orders left to do that nobody is at."""
    left = now.bulk_state in {"stopped", "interrupted"}
    return needs_bulk_change(now) or ("" if left else "Nothing is left to do of this bulk change, or it is under way.")


def needs_product(now: Situation) -> str:
    """Needs a product under the cursor."""
    return "" if now.sku else "Put the cursor on a product first."


def needs_shelf(now: Situation) -> str:
    """Needs a product that has stock of its own."""
    kit = f"{now.sku} is a kit and has no stock of its own: book its parts." if now.kit else ""
    return needs_product(now) or kit


def needs_held(now: Situation) -> str:
    """Needs units that are held back."""
    return needs_shelf(now) or ("" if now.held_units else f"Nothing of {now.sku} is held back here.")


def needs_waiting(now: Situation) -> str:
    """Needs orders that wait for the product."""
    return needs_product(now) or ("" if now.waiting_orders else f"No order waits for {now.sku}.")


def needs_alarm(now: Situation) -> str:
    """Needs an alarm that stands."""
    return needs_product(now) or ("" if now.alarms else f"No alarm stands for {now.sku}.")


def needs_alias(now: Situation) -> str:
    """Needs another SKU that is mapped to the product, whose card is open."""
    return needs_product(now) or (
        "" if now.aliases else f"No other SKU is known to be {now.sku}: enter shows its card with those there are."
    )


def needs_movement(now: Situation) -> str:
    """Needs a movement that can be taken back."""
    return "Put the cursor on a movement first." if now.movement is None else now.movement


def needs_movement_order(now: Situation) -> str:
    """Needs a movement that was an order's."""
    return "" if now.movement_order else "This movement was no order's."


def needs_count(now: Situation) -> str:
    """Needs a line of an open count."""
    return "" if now.counted_line else "This count is closed, or has no lines."


def needs_rule(now: Situation) -> str:
    """Needs a rule under the cursor."""
    return "" if now.rule else "There is no rule here; n writes one."


MENDABLE = {
    "out_of_stock": "Receive stock",
    "missing_weight": "Weigh the product",
    "bad_address": "Correct the address",
    "unmapped_sku": "Say which product it is",
    "customs_missing": "Enter its customs data",
}
"""Failure codes that can be mended from the keyboard here, and what the form is called."""


def may_mend(now: Situation) -> str:
    """Needs a cause that a form here can mend."""
    unready = needs_group(now)
    if unready or now.group_code in MENDABLE:
        return unready
    return "This cause is mended elsewhere (its line says where); then retry it with R."


def needs_wave(now: Situation) -> str:
    """Needs a wave under the cursor that is still picked."""
    return "" if now.wave else "Put the cursor on a wave that is not done; n makes a new one."


def needs_stop(now: Situation) -> str:
    """Needs a stop of a walk under the cursor."""
    return "" if now.stop else "There is nothing here; open a wave first."


def needs_stop_left(now: Situation) -> str:
    """Needs a stop at which something is still to be picked."""
    return needs_stop(now) or ("" if now.stop_left else "Nothing more is to be picked here.")


def needs_stop_picked(now: Situation) -> str:
    """Needs a stop at which something was picked."""
    return needs_stop(now) or ("" if now.stop_picked else "Nothing is picked here yet.")


def needs_parcel(now: Situation) -> str:
    """Needs a parcel in hand that may be packed."""
    return "" if now.parcel else "There is no parcel in hand that may be packed: scan one."


def needs_packed(now: Situation) -> str:
    """Needs a packed parcel in hand."""
    return "" if now.packed else "There is no packed parcel in hand: scan one."


def needs_paper(now: Situation) -> str:
    """Needs something on the floor that paper can be printed of."""
    return "" if now.paper else "Put the cursor on a wave, or scan a parcel, to print paper of it."


def needs_goods(now: Situation) -> str:
    """Needs goods that are to be put back."""
    return "" if now.goods else "There is nothing here that is to be put back."
