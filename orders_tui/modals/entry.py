"""A form of typed fields: each is checked as it is typed, what would come of it is shown beneath, and one write ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Label, Static

from engine.errors import OrdersError
from orders_tui.modals.form import Form
from orders_tui.state import Session, sentence_of

Values = Mapping[str, str]

PREVIEW_PAUSE_SECONDS = 0.12
"""Typing rests this long before it is asked what would come of it."""


def nothing_wrong(_: str) -> str:
    """Any text will do."""
    return ""


@dataclass(frozen=True, slots=True)
class EntryField:
    """One line of a form. `check` answers with one sentence of what is wrong with a text, empty when it will do."""

    name: str
    label: str
    value: str = ""
    optional: bool = False
    choices: tuple[str, ...] = ()
    """The words there are: up and down go through them, and the beginning of one is enough."""
    check: Callable[[str], str] = nothing_wrong
    offer: Callable[[str], str] | None = None
    """What could be typed next, shown while the field is being typed in."""

    def meant(self, text: str) -> str:
        """What the text stands for: a word by its beginning."""
        typed = text.strip()
        begun = [word for word in self.choices if word.casefold().startswith(typed.casefold())]
        return begun[0] if typed and typed not in self.choices and len(begun) == 1 else typed

    def complaint(self, text: str) -> str:
        """What is wrong with a text that somebody typed."""
        meant = self.meant(text)
        if not meant:
            return "" if self.optional else f"{self.label.capitalize()} is missing."
        if self.choices and meant not in self.choices:
            return f"{self.label.capitalize()} is one of {', '.join(self.choices)}."
        return self.check(meant)


class ChoiceInput(Input):
    """A field with a few words to choose from."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "choose(1)", show=False),
        Binding("up", "choose(-1)", show=False),
    ]

    def __init__(self, choices: Sequence[str], value: str, *, id: str, classes: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(
            value, id=id, classes=classes, compact=True, select_on_focus=False, placeholder=" · ".join(choices)
        )
        self.choices = tuple(choices)

    def action_choose(self, step: int) -> None:
        here = self.choices.index(self.value) if self.value in self.choices else -1 if step > 0 else 0
        self.value = self.choices[(here + step) % len(self.choices)]
        self.cursor_position = len(self.value)


class Entry(Form[str]):
    """Closes with the sentence of what was done, or None.

    `carry` writes, `preview` says beforehand what would come of it; both may raise OrdersError or ValueError, with a sentence. `agree`
    says what is wrong with fields that are each well alone.
    """

    def __init__(
        self,
        session: Session,
        title: str,
        entry_fields: Sequence[EntryField],
        carry: Callable[[Values], Awaitable[str]],
        preview: Callable[[Values], Awaitable[str]] | None = None,
        *,
        agree: Callable[[Values], str] | None = None,
    ) -> None:
        super().__init__(session, title)
        self._agree = agree
        self._entry_fields = tuple(entry_fields)
        self._carry = carry
        self._preview = preview
        self._busy = False

    def body(self) -> ComposeResult:
        for field in self._entry_fields:
            classes = "optional" if field.optional else ""
            with Horizontal(classes="field"):
                yield Label(field.label, markup=False)
                if field.choices:
                    yield ChoiceInput(field.choices, field.value, id=field.name, classes=classes)
                else:
                    yield Input(field.value, id=field.name, compact=True, classes=classes, select_on_focus=False)
        yield Static("", id="offer", markup=False)
        yield Static("", id="preview", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        empty = (field for field in self._entry_fields if not field.value and not field.optional)
        self.set_focus(self._input(next(empty, self._entry_fields[0])))
        self._typed()

    def _input(self, field: EntryField) -> Input:
        return self.query_one(f"#{field.name}", Input)

    def values(self) -> dict[str, str]:
        """What the fields mean now."""
        return {field.name: field.meant(self._input(field).value) for field in self._entry_fields}

    @on(Input.Changed)
    def _typed(self) -> None:
        """Say what is wrong with what is there; where nothing is, what would come of it."""
        self._show_offer()
        complaint = self._complaint(typed_only=True)
        self.complain(complaint)
        if self._preview is not None and not complaint and not self._complaint():
            self.look_ahead(self.values())
        else:
            self.say_ahead("")

    @on(events.DescendantFocus)
    def _show_offer(self) -> None:
        """Say what could be typed next in the field that has the focus."""
        field = next((field for field in self._entry_fields if self._input(field).has_focus), None)
        text = field.offer(self._input(field).value) if field is not None and field.offer is not None else ""
        self.query_one("#offer", Static).update(Content(text))

    def _complaint(self, *, typed_only: bool = False) -> str:
        """What is wrong, in one sentence; with `typed_only` what is still missing is no mistake."""
        for field in self._entry_fields:
            text = self._input(field).value
            if (text.strip() or not typed_only) and (complaint := field.complaint(text)):
                return complaint
        values = self.values()
        whole = all(values[field.name] or field.optional for field in self._entry_fields)
        return self._agree(values) if self._agree is not None and whole else ""

    @work(group="preview", exclusive=True, exit_on_error=False)
    async def look_ahead(self, values: Values) -> None:
        assert self._preview is not None
        await asyncio.sleep(PREVIEW_PAUSE_SECONDS)
        try:
            self.say_ahead(await self._preview(values))
        except (OrdersError, ValueError) as error:
            self.say_ahead("")
            self.complain(_sentence(error))

    def say_ahead(self, text: str) -> None:
        """What would come of it, beneath the fields."""
        self.query_one("#preview", Static).update(Content(text))

    def do_confirm(self) -> None:
        for field in self._entry_fields:
            if complaint := field.complaint(self._input(field).value):
                self.complain(complaint)
                self.set_focus(self._input(field))
                return
        if complaint := self._complaint():
            self.complain(complaint)
            return
        if not self._busy:  # a second enter while the first is written
            self._busy = True
            self.carry_out(self.values())

    @work(group="carry", exit_on_error=False)
    async def carry_out(self, values: Values) -> None:
        try:
            self.close(await self._carry(values))
        except (OrdersError, ValueError) as error:
            self.complain(_sentence(error))
        finally:
            self._busy = False


def _sentence(error: OrdersError | ValueError) -> str:
    return sentence_of(error) if isinstance(error, OrdersError) else str(error)


def whole(least: int, most: int = 999_999) -> Callable[[str], str]:
    """A check: a whole number between these."""

    def check(text: str) -> str:
        digits = text.removeprefix("-") if least < 0 else text
        if digits.isascii() and digits.isdigit() and least <= int(text) <= most:
            return ""
        return f"{text!r} is no whole number from {least:,} to {most:,}."

    return check
