"""The parcels of chosen orders: split, combined, handed over, their labels voided and bought."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from textual.content import Content

from engine.identifiers import OrderId, PackageId
from engine.orders.plain_text import plain
from engine.orders.views import OrderDetail, PackageView
from orders_tui.formatting import words
from orders_tui.modals.bulk.chosen import Chosen
from orders_tui.modals.fields import Field
from orders_tui.modals.question import Question
from orders_tui.screens.console_screen import ConsoleScreen

_REASON = Field("reason", "reason", optional=True, hint="kept in the history")
_NEEDED = Field("reason", "reason", hint="kept in the history")
_AVAILABLE, _BY_HAND = "available", "by-hand"
_VOID, _REBUY = "void", "rebuy"


async def split(screen: ConsoleScreen, chosen: Chosen) -> None:
    """Move items into a parcel of their own, or ship what is in stock."""
    order = await _detail(screen, chosen)
    if order is None:
        return
    services, number = screen.session.services, order.row.order_number
    names = {f"part-{place}": item.sku for place, item in enumerate(order.items) if item.sku}
    arguments: list[str] = []

    async def carry(choice: str, values: Mapping[str, str]) -> str:
        reason = values["reason"]
        if choice == _AVAILABLE:
            arguments[:] = [number, "--available"]
            await services.parcels.ship_what_is_there(order.row.order_id, reason=reason)
            return f"Order {number} ships what is there; the rest waits for its stock."
        parts = [(sku, _quantity(values[name])) for name, sku in names.items() if values[name]]
        if not parts:
            raise ValueError("Say how many of what go into the other parcel.")
        arguments[:] = [number, *(f"{sku}={quantity}" for sku, quantity in parts)]
        await services.parcels.split(order.row.order_id, parts, reason=reason)
        return f"Order {number} is split into two parcels."

    fields = [
        Field(f"part-{place}", plain(item.sku), optional=True, hint=f"how many of {item.quantity} go into the other parcel")
        for place, item in enumerate(order.items)
        if item.sku
    ]  # fmt: skip
    choices = ((_BY_HAND, "these into a parcel of their own:"), (_AVAILABLE, "ship what is in stock, the rest waits"))
    form = Question(
        screen.session, f"Split order {number}", carry, choices=choices, fields=(*fields, _REASON), seen=chosen.seen
    )
    await _asked(screen, form, "orders.split", arguments)


async def combine(screen: ConsoleScreen, chosen: Chosen) -> None:
    """Put the orders into one parcel; each that cannot go into it says why."""
    services = screen.session.services
    order_ids = await chosen.ids(services)
    looked = await services.parcels.combine(order_ids, write=False)
    lines = [
        Content.assemble((f"{verdict.order_number}  ", "bold"), ("can combine: no, ", "$text-error"), plain(verdict.sentence))
        if verdict.code
        else Content.assemble((f"{verdict.order_number}  ", "bold"), "can combine: yes")
        for verdict in looked.verdicts
    ]  # fmt: skip
    numbers = [verdict.order_number for verdict in looked.verdicts]

    async def carry(_: str, values: Mapping[str, str]) -> str:
        done = await services.parcels.combine(order_ids, reason=values["reason"])
        if done.refused:
            raise ValueError(next(verdict.sentence for verdict in done.verdicts if verdict.code))
        return f"{len(order_ids)} orders go in one parcel."

    form = Question(
        screen.session,
        f"Combine {len(order_ids)} orders",
        carry,
        about=Content("\n").join(lines),
        fields=(_REASON,),
        seen=chosen.seen,
    )
    await _asked(screen, form, "orders.combine", numbers)


async def uncombine(screen: ConsoleScreen, chosen: Chosen) -> None:
    """Give the orders of a combined parcel their own ones back."""
    services = screen.session.services

    async def carry(package_id: PackageId, reason: str, _: str) -> str:
        order_ids = await services.parcels.uncombine(package_id, reason=reason)
        return f"{len(order_ids)} orders have parcels of their own again."

    await _of_parcel(
        screen, chosen, "Take apart the parcel of", carry, "orders.uncombine", only=lambda each: bool(each.shared_with)
    )


async def hand_over(screen: ConsoleScreen, chosen: Chosen) -> None:
    """Say that the parcels of the chosen orders left the house, all or none of them."""
    services = screen.session.services
    parcels: dict[PackageId, OrderId] = {}
    without: list[str] = []
    for order_id in await chosen.ids(services):
        found = await services.parcels.of_order(order_id)
        parcels |= dict.fromkeys(found, order_id)
        if not found:
            row = chosen.seen.get(order_id)
            without.append(row.order_number if row else str(order_id))
    if not parcels:
        screen.say("None of these orders has a parcel yet.", severity="warning")
        return
    about = f"{len(parcels):,} parcels of {chosen.words} are shipped: TikTok and the buyers are told."
    if without:
        about += f"\n{len(without):,} have no parcel and stay: {', '.join(without[:5])}."

    async def carry(_: str, values: Mapping[str, str]) -> str:
        await services.parcels.hand_over(list(parcels), reason=values["reason"])
        return f"{len(parcels):,} handed over."

    form = Question(
        screen.session,
        f"Hand over {chosen.words}",
        carry,
        about=about,
        fields=(_REASON,),
        word="shipped",
        seen=chosen.seen,
    )
    await _asked(screen, form, "orders.hand_over", [str(package_id) for package_id in parcels])


async def void_label(screen: ConsoleScreen, chosen: Chosen) -> None:
    """Give a parcel's label back to the carrier, and buy another one if asked."""
    services = screen.session.services

    async def carry(package_id: PackageId, reason: str, how: str) -> str:
        await services.parcels.void_label(package_id, reason=reason, buy_again=how == _REBUY)
        return "Its label goes back; another is bought then." if how == _REBUY else "Its label goes back."

    await _of_parcel(
        screen,
        chosen,
        "Void the label of",
        carry,
        "orders.void_label",
        ways=((_VOID, "void it"), (_REBUY, "void it and buy another")),
        word="void",
        reason=_NEEDED,
    )


async def buy_label(screen: ConsoleScreen, chosen: Chosen) -> None:
    """Buy another label for a parcel whose label was voided."""
    services = screen.session.services

    async def carry(package_id: PackageId, reason: str, _: str) -> str:
        await services.parcels.buy_label(package_id, reason=reason)
        return "Another label is bought."

    await _of_parcel(screen, chosen, "Buy a label for", carry, "orders.buy_label")


async def _of_parcel(
    screen: ConsoleScreen,
    chosen: Chosen,
    title: str,
    do: Callable[[PackageId, str, str], Awaitable[str]],
    action_id: str,
    *,
    ways: tuple[tuple[str, str], ...] = (),
    word: str = "",
    reason: Field = _REASON,
    only: Callable[[PackageView], bool] = lambda _: True,
) -> None:
    """Ask which parcel and which way, then do it."""
    order = await _detail(screen, chosen)
    if order is None:
        return
    number = order.row.order_number
    live = await screen.session.services.parcels.of_order(order.row.order_id)
    parcels = [each for each in order.packages if each.package_id in live and only(each)]
    if not parcels:
        screen.say(f"Order {number} has no such parcel.", severity="warning")
        return
    arguments: list[str] = []

    async def carry(choice: str, values: Mapping[str, str]) -> str:
        place, _, way = choice.partition("-")
        package_id = parcels[int(place[1:])].package_id
        arguments[:] = [str(package_id), *(["--reason", values["reason"]] if values["reason"] else [])]
        arguments.extend(["--buy-again"] if way == _REBUY else [])
        return await do(package_id, values["reason"], way)

    choices = [
        (f"p{place}-{way}", f"{_parcel_words(parcel)}{': ' if what else ''}{what}")
        for place, parcel in enumerate(parcels)
        for way, what in ways or (("", ""),)
    ]
    form = Question(
        screen.session, f"{title} order {number}", carry, choices=choices, fields=(reason,), word=word, seen=chosen.seen
    )
    await _asked(screen, form, action_id, arguments)


async def _detail(screen: ConsoleScreen, chosen: Chosen) -> OrderDetail | None:
    if chosen.only is None:
        screen.say("This is done to one order at a time: put the cursor on it, without marks.", severity="warning")
        return None
    return await screen.session.services.detail(chosen.only)


async def _asked(screen: ConsoleScreen, form: Question, action_id: str, arguments: list[str]) -> None:
    done = await screen.app.push_screen_wait(form)
    if done:
        screen.session.did(action_id, arguments, done)
        screen.say(done)
        await screen.after_change()


def _parcel_words(parcel: PackageView) -> str:
    contents = ", ".join(f"{units} x {sku}" for sku, units in parcel.contents)
    named = parcel.tracking_number or "no tracking yet"
    return plain(f"{words(parcel.state)} {named} ({contents})")


def _quantity(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError(f"A quantity is a whole number above zero; {text!r} is not.")
    return int(text)
