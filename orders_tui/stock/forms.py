"""Booking stock from the keyboard: each form says beforehand what the level would be, and is recorded as its command."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engine.inventory.ledger import Adjusted
from engine.inventory.movements import Movement
from engine.inventory.stock_card import LevelView, StockCard
from engine.words import StockReason
from orders_tui.modals.entry import Entry, EntryField, Values, whole
from orders_tui.state import Session

REASONS = ("damaged", "lost", "expired", "sample", "found", "returned", "received", "correction")
HOLDS = ("damaged", "quality")
YES, NO = "yes", "no"
_MAIN = "MAIN"

_NOTHING = LevelView("", 0, 0, 0)


class Booker:
    """The forms about one product's stock, beginning at the location under the cursor."""

    def __init__(self, session: Session, card: StockCard, location: str, locations: Sequence[str]) -> None:
        self._session = session
        self._inventory = session.services.inventory
        self._sku = card.product.sku
        self._levels: Mapping[str, LevelView] = {level.location: level for level in card.levels}
        self._locations = tuple(locations)
        self._at = location or (_MAIN if _MAIN in locations else locations[0])

    def receive(self) -> Entry:
        """Units that arrived."""

        async def carry(values: Values) -> str:
            units = int(values["units"])
            adjusted = await self._inventory.adjust(
                self._sku, units, reason=StockReason.RECEIVED, location_code=values["location"]
            )
            done = f"{units:,} of {self._sku} received, {adjusted.row.available:,} available at {values['location']}."
            return self._did("inventory.receive", [self._sku, str(units), "--location", values["location"]], done)

        async def preview(values: Values) -> str:
            return self._ahead(values["location"], on_hand=int(values["units"]))

        fields = (EntryField("units", "units", check=whole(1)), self._where("location", "at"))
        return Entry(self._session, f"Receive {self._sku}", fields, carry, preview)

    def adjust(self) -> Entry:
        """Units that came, went or were found missing, with the reason."""

        async def carry(values: Values) -> str:
            delta, held, force = int(values["units"]), values["held"] == YES, values["force"] == YES
            adjusted = await self._inventory.adjust(
                self._sku,
                delta,
                reason=StockReason(values["reason"]),
                location_code=values["location"],
                from_held=held,
                force=force,
            )
            words = [self._sku, str(delta), "--reason", values["reason"], "--location", values["location"]]
            words += ["--held"] * held + ["--force"] * force
            return self._did("inventory.adjust", words, _adjusted(adjusted, delta))

        async def preview(values: Values) -> str:
            delta = int(values["units"])
            ahead = self._ahead(values["location"], on_hand=delta, held=delta if values["held"] == YES else 0)
            missing = -self._level(values["location"]).available - delta
            if delta < 0 and missing > 0 and values["held"] != YES:
                taken = (
                    "the least urgent orders lose it" if values["force"] == YES else "say yes to take it from orders"
                )
                return f"{ahead}\n{missing:,} of it are promised or held: {taken}."
            return ahead

        fields = (
            EntryField("units", "units", check=_signed),
            EntryField("reason", "reason", choices=REASONS),
            self._where("location", "at"),
            EntryField("held", "of held", NO, choices=(NO, YES)),
            EntryField("force", "promised", NO, choices=(NO, YES)),
        )
        return Entry(self._session, f"Adjust {self._sku}: more, or with a minus fewer", fields, carry, preview)

    def transfer(self) -> Entry:
        """From one location to another."""

        async def carry(values: Values) -> str:
            units, source, target = int(values["units"]), values["source"], values["target"]
            await self._inventory.transfer(self._sku, units, source=source, target=target)
            done = f"{units:,} of {self._sku} moved from {source} to {target}."
            return self._did("inventory.transfer", [self._sku, str(units), "--from", source, "--to", target], done)

        async def preview(values: Values) -> str:
            units = int(values["units"])
            return "\n".join(
                (self._ahead(values["source"], on_hand=-units), self._ahead(values["target"], on_hand=units))
            )

        fields = (
            EntryField("units", "units", check=whole(1)),
            self._where("source", "from"),
            EntryField("target", "to", choices=self._locations),
        )
        return Entry(self._session, f"Move {self._sku}", fields, carry, preview)

    def hold(self) -> Entry:
        """Out of sale: damaged, or to be looked at."""

        async def carry(values: Values) -> str:
            units, where = int(values["units"]), values["location"]
            row = await self._inventory.hold(
                self._sku, units, reason=StockReason(values["reason"]), location_code=where
            )
            words = [self._sku, str(units), "--reason", values["reason"], "--location", where]
            return self._did(
                "inventory.hold", words, f"{units:,} of {self._sku} held back, {row.available:,} available."
            )

        async def preview(values: Values) -> str:
            return self._ahead(values["location"], held=int(values["units"]))

        fields = (
            EntryField("units", "units", check=whole(1)),
            EntryField("reason", "reason", choices=HOLDS),
            self._where("location", "at"),
        )
        return Entry(self._session, f"Hold {self._sku} back from sale", fields, carry, preview)

    def release(self) -> Entry:
        """Held units back into sale."""

        async def carry(values: Values) -> str:
            units, where = int(values["units"]), values["location"]
            row = await self._inventory.release(self._sku, units, location_code=where)
            done = f"{units:,} of {self._sku} are for sale again, {row.available:,} available."
            return self._did("inventory.release", [self._sku, str(units), "--location", where], done)

        async def preview(values: Values) -> str:
            return self._ahead(values["location"], held=-int(values["units"]))

        held = self._level(self._at).held
        fields = (
            EntryField("units", "units", str(held or ""), check=whole(1)),
            self._where("location", "at"),
        )
        return Entry(self._session, f"Put held {self._sku} back into sale", fields, carry, preview)

    def _where(self, name: str, label: str) -> EntryField:
        return EntryField(name, label, self._at, choices=self._locations)

    def _level(self, location: str) -> LevelView:
        return self._levels.get(location, _NOTHING)

    def _ahead(self, location: str, *, on_hand: int = 0, held: int = 0) -> str:
        """What a level is and would be."""
        level = self._level(location)
        after = level.available + on_hand - held
        parts = [f"on hand {level.on_hand:,} → {level.on_hand + on_hand:,}"] if on_hand else []
        parts += [f"held {level.held:,} → {level.held + held:,}"] if held else []
        return f"{location}: {', '.join(parts)}, available {level.available:,} → {after:,}"

    def _did(self, action_id: str, words: Sequence[str], done: str) -> str:
        self._session.did(action_id, words, done)
        return done


def take_back(session: Session, sku: str, movement: Movement) -> Entry:
    """Reverse a movement: the reason stands already, it is a correction of this one."""

    async def carry(values: Values) -> str:
        force = values["force"] == YES
        await session.services.inventory.reverse(movement.movement_id, force=force)
        done = f"Taken back: {movement.words} of {sku}."
        session.did("movements.reverse", [str(movement.movement_id), *(["--force"] * force)], done)
        return done

    async def preview(_: Values) -> str:
        opposite = movement.words.translate(str.maketrans("+-", "-+"))
        return f"{sku}: {opposite}, as a correction of what {movement.actor} booked."

    fields = (
        EntryField("reason", "reason", "correction", choices=("correction",)),
        EntryField("force", "promised", NO, choices=(NO, YES)),
    )
    return Entry(session, f"Take back {movement.words}", fields, carry, preview)


def _adjusted(adjusted: Adjusted, delta: int) -> str:
    row = adjusted.row
    lost = ", ".join(each.order_number for each in adjusted.shortfall)
    return f"{row.sku} {delta:+,}: {row.on_hand:,} on hand." + (f" These orders lost theirs: {lost}." if lost else "")


def _signed(text: str) -> str:
    return "0 units are nothing to book." if text.lstrip("-").strip("0") == "" else whole(-999_999)(text)


Opened = Callable[[Booker], Entry]
"""Which of the forms."""
