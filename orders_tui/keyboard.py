"""Keys, pastes and scans on their way to the screen: what a scanner sends becomes `Scanned`, the rest goes on as it came."""

from __future__ import annotations

from textual import events
from textual.app import App
from textual.message import Message
from textual.widgets import Input, TextArea

from engine.orders.plain_text import plain
from orders_tui.actions import BY_ID, Group
from orders_tui.messages import Scanned
from orders_tui.scanner import Dropped, Outcome, Scan, Scanner, ScannerOptions, Typed, code_in

MOST_PASTED_INTO_FIELD = 2_000
"""A field takes no more than this at once; a novel in it would only make the terminal slow."""

MOST_PASTED_CODE = 80

SHOWN_OF_SCAN = 40
"""How much of what was scanned is said back."""


class GapPassed(Message):
    """Since the key of this serial number nothing more came; it is handled after every key that arrived before."""

    def __init__(self, serial: int) -> None:
        super().__init__()
        self.serial = serial


class ListeningApp(App[int]):
    """An app that tells scans from typing wherever the focus is. A text field takes both as they come."""

    _scanner: Scanner[events.Key] | None = None

    def listen(self, options: ScannerOptions | None) -> None:
        """From now on scans are told from typing; None: every key is typed."""
        self._scanner = Scanner(options, self._only_moves) if options else None

    async def on_event(self, event: events.Event) -> None:
        match event:
            case events.Paste() if not event.is_forwarded:
                await self._pasted(event)
            case events.Key() if not event.is_forwarded and self._scanner is not None:
                if self._in_text_field:
                    await self._carry_out(self._scanner.expire())
                    await super().on_event(event)
                else:
                    await self._carry_out(self._scanner.take(event, event.key, event.character, event.time))
                    self._expect_more(self._scanner)
            case _:
                await super().on_event(event)

    async def on_gap_passed(self, message: GapPassed) -> None:
        if self._scanner is not None and self._scanner.holds and message.serial == self._scanner.serial:
            await self._carry_out(self._scanner.expire())

    def _expect_more(self, scanner: Scanner[events.Key]) -> None:
        if scanner.holds:
            serial = scanner.serial
            self.set_timer(scanner.options.gap_ms / 1000, lambda: self.post_message(GapPassed(serial)))

    async def _carry_out(self, outcomes: list[Outcome[events.Key]]) -> None:
        for outcome in outcomes:
            match outcome:
                case Typed(event):
                    await super().on_event(event)
                case Scan(text):
                    self.screen.post_message(Scanned(plain(text)))
                case Dropped(text, characters):
                    self._say(
                        f"{characters:,} characters came at once, beginning with {_shown(text)}: no whole code, so"
                        " nothing was done. Scan it again."
                    )

    async def _pasted(self, event: events.Paste) -> None:
        if self._in_text_field:
            kept = event.text[:MOST_PASTED_INTO_FIELD]
            if not isinstance(self.focused, TextArea):
                kept = plain(kept)
            if len(event.text) > MOST_PASTED_INTO_FIELD:
                self._say(
                    f"{len(event.text):,} characters were pasted; the field took the first {MOST_PASTED_INTO_FIELD:,}."
                )
            await super().on_event(events.Paste(kept))
            return
        lines = event.text[: 2 * MOST_PASTED_INTO_FIELD].split("\n")
        found = [line for line in map(plain, lines) if line]
        if len(event.text) <= MOST_PASTED_CODE and len(found) == 1:
            self.screen.post_message(Scanned(code_in(found[0])))
        elif event.text.strip():
            self._say(f"{len(event.text):,} characters were pasted; nothing here takes them.")

    @property
    def _in_text_field(self) -> bool:
        return isinstance(self.focused, Input | TextArea)

    def _only_moves(self, key: str) -> bool:
        bound = self.active_bindings.get(key)
        action = BY_ID.get(bound.binding.id or "") if bound else None
        return action is not None and action.group is Group.MOVE

    def _say(self, sentence: str) -> None:
        self.notify(sentence, severity="warning", markup=False)


def _shown(text: str) -> str:
    cleaned = plain(text)
    return f"“{cleaned[:SHOWN_OF_SCAN]}{'…' if len(cleaned) > SHOWN_OF_SCAN else ''}”"


def unknown_scan(text: str) -> str:
    """What is said of a code that names no order."""
    return f"No order has {_shown(text)} as its number, package id or tracking number."
