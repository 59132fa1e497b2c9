"""The forms of the Pick and pack screen: a new wave, who picks it, a short pick, goods put back, the station."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from engine.orders.picking.lines import Scope as Walk
from engine.orders.picking.views import GoingBack, WalkLine, WaveView
from engine.orders.picking.waves import MOST_ORDERS, USUAL_ORDERS
from engine.orders.plain_text import plain
from orders_tui.modals.confirm import Confirm
from orders_tui.modals.fields import Field
from orders_tui.modals.mend import Mend, whole_number
from orders_tui.state import Session


def new_wave(session: Session, location: str) -> Mend:
    """Put what has to leave first at a location into a wave."""

    async def carry(values: Mapping[str, str]) -> str:
        most = whole_number(values["most"], "The number of orders")
        made = await session.services.picking.make_wave(
            location=values["location"].upper(), most=most, name=values["name"], picker=values["picker"]
        )
        arguments = ["--location", values["location"].upper(), "--most", str(most)]
        for name in ("name", "picker"):
            arguments += [f"--{name}", values[name]] if values[name] else []
        sentence = f"Wave {made.wave.number} has {made.wave.orders:,} orders, {made.wave.units:,} units."
        session.did("pick.wave", arguments, sentence)
        return sentence

    return Mend(
        session,
        f"New wave: what has to leave first, {MOST_ORDERS} orders at most",
        (
            Field("location", "location", location),
            Field("most", "orders", str(USUAL_ORDERS)),
            Field("name", "name", optional=True),
            Field("picker", "picker", session.services.actor.name, optional=True),
        ),
        carry,
    )


def give_wave(session: Session, wave: WaveView) -> Mend:
    """Say who picks a wave."""

    async def carry(values: Mapping[str, str]) -> str:
        view = await session.services.picking.give_wave(wave.wave_id, values["picker"])
        sentence = (
            f"Wave {view.number} is {plain(view.picker)}'s." if view.picker else f"Wave {view.number} is nobody's."
        )
        session.did("waves.give", [str(wave.number), values["picker"]], sentence)
        return sentence

    picker = wave.picker or session.services.actor.name
    return Mend(session, f"Who picks wave {wave.number}?", (Field("picker", "picker", picker, optional=True),), carry)


def end_wave(session: Session, wave: WaveView) -> Confirm:
    """Ask whether a wave is to end; what is not picked of it is told."""
    return Confirm(
        session,
        f"End wave {wave.number}?",
        f"{wave.units - wave.picked:,} of {wave.units:,} units are not picked: their orders are free for another wave."
        "\nThere is no undo, and none is needed: they can be put into a new one.",
    )


def short_pick(session: Session, walk: Walk, name: str, line: WalkLine) -> Mend:
    """Say that fewer are there than are still to be picked; what follows is told before it happens."""

    async def carry(values: Mapping[str, str]) -> str:
        if not (values["there"].isascii() and values["there"].isdigit()):
            raise ValueError(f"How many are there is a number from 0; {values['there']!r} is not.")
        ship = values["ship"].casefold() in {"y", "yes"}
        source = values["from"].upper() or None
        found = await session.services.picking.short(
            walk, line.product_id, int(values["there"]), ship=ship, carry_from=source
        )
        arguments = [name, line.sku, values["there"]]
        arguments += ["--ship"] if ship else []
        arguments += ["--from", source] if source else []
        outcome = " ".join(each.outcome for each in found.orders[:3])
        more = f" And {len(found.orders) - 3} more." if len(found.orders) > 3 else ""
        elsewhere = (
            f" Free elsewhere: {', '.join(f'{n} at {code}' for code, n in found.elsewhere)}." if found.elsewhere else ""
        )
        sentence = f"{found.missing} of {plain(found.sku)} written off. {outcome}{more}{elsewhere}"
        session.did("walk.short", arguments, sentence)
        return sentence

    return Mend(
        session,
        f"Short: of {line.left} {plain(line.sku)} still to be picked in {plain(line.bin) or 'its bin'}, how many are there?\n"
        "They go to the orders that leave first. The rest is written off; found again, it is booked in the stock.",
        (
            Field("there", "there"),
            Field("ship", "ship rest", optional=True, hint="y: orders that get too few ship what is there"),
            Field("from", "fetch from", optional=True, hint="a location that the missing ones are fetched from"),
        ),
        carry,
    )


def put_back(session: Session, goods: list[GoingBack]) -> Mend:
    """Say that an order's goods are back; what is damaged is written off."""
    first = goods[0]

    async def carry(values: Mapping[str, str]) -> str:
        damaged: Counter[str] = Counter()
        for each in goods:
            if typed := values.get(f"damaged-{goods.index(each)}", ""):
                damaged[each.sku] += whole_number(typed, "What is damaged")
        back = await session.services.picking.put_back(first.order_id, damaged=damaged)
        arguments = [first.order_number]
        for sku, count in sorted(damaged.items()):
            arguments += ["--damaged", f"{sku}={count}"]
        units = sum(each.units for each in back)
        sentence = f"{units} of order {first.order_number} are back" + (
            f", {damaged.total()} of them damaged." if damaged else "."
        )
        session.did("back.put_back", arguments, sentence)
        return sentence

    listed = "\n".join(f"{each.bin or '-':<9} {each.units:>4} {plain(each.sku)}" for each in goods)
    return Mend(
        session,
        f"Order {first.order_number}: are these back in their bins?\n\n{listed}",
        tuple(
            Field(f"damaged-{place}", "damaged", optional=True, hint=f"how many of {plain(each.sku)} cannot be sold")
            for place, each in enumerate(goods)
        ),
        carry,
    )


def choose_station(session: Session, present: str, known: list[str]) -> Mend:
    """Which station this console stands at; remembered on this machine."""

    async def carry(values: Mapping[str, str]) -> str:
        station = values["station"].strip().upper()
        if station and known and station not in known:
            raise ValueError(f"There is no station {plain(station)}; there are {', '.join(known)}.")
        session.memory.keep(packs_at=station)
        return f"This is station {plain(station)}." if station else "This console stands at no station."

    names = f"Stations: {', '.join(known)}" if known else "No station is set up; any name will do."
    return Mend(
        session, f"Which station is this?\n{names}", (Field("station", "station", present, optional=True),), carry
    )
