"""What buyers send back: a list of what is to be received, and for each return how many of a SKU are good and how many damaged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Label, OptionList, Static

from engine.errors import NotFound
from engine.orders.parcels.receiving import ReceivedLine, ReturnView
from orders_tui.actions import Scope
from orders_tui.formatting import deadline
from orders_tui.messages import Scanned
from orders_tui.modals.form import Form
from orders_tui.panes.line_list import LineList
from orders_tui.printing.text import counted
from orders_tui.state import Session, Viewer


@dataclass(frozen=True, slots=True)
class Received:
    """What was booked."""

    return_id: str
    lines: tuple[ReceivedLine, ...]
    sentence: str


class ReceiveReturn(Form[Received]):
    """Two numbers for each SKU. What is missing has to be confirmed; more than was expected is refused."""

    def __init__(self, session: Session, expected: ReturnView) -> None:
        super().__init__(session, f"Receive return {expected.return_id} of order {expected.order_number}")
        self.expected = expected
        self.skus = list(expected.skus.items())
        self._confirmed: Mapping[str, int] | None = None

    def body(self) -> ComposeResult:
        about = [status_words(self.expected.status), self.expected.reason, f"received by {self._actor}"]
        yield Static(" · ".join(part for part in about if part), markup=False)
        yield Static(f"{'SKU':<32}{'expected':>10}  {'restock':<12}{'damaged':<12}", classes="heading", markup=False)
        with VerticalScroll(id="received"):
            for number, (sku, units) in enumerate(self.skus):
                with Horizontal(classes="received"):
                    yield Label(Content(f"{sku[:31]:<32}{units:>10,}  "), markup=False)
                    for name in ("restock", "damaged"):
                        yield Input(
                            id=f"{name}-{number}",
                            compact=True,
                            type="integer",
                            placeholder="0",
                            classes="optional" if name == "damaged" else "",
                        )

    @property
    def _actor(self) -> str:
        return self.session.services.actor.name

    def on_mount(self) -> None:
        super().on_mount()
        if self.skus:
            self.set_focus(self.query_one("#restock-0", Input))
        else:
            self.complain("TikTok does not say what is in this return: look it up there.")

    def _lines(self) -> list[ReceivedLine]:
        def number(name: str) -> int:
            text = self.query_one(f"#{name}", Input).value.strip()
            if text and not (text.isascii() and text.isdigit()):
                raise ValueError(f"{text!r} is no number of units: give 0 or more.")
            return int(text or 0)

        return [
            ReceivedLine(sku, number(f"restock-{place}"), number(f"damaged-{place}"))
            for place, (sku, _) in enumerate(self.skus)
        ]

    def do_confirm(self) -> None:
        try:
            lines = self._lines()
        except ValueError as error:
            self.complain(str(error))
            return
        came = {line.sku: line.restocked + line.damaged for line in lines}
        for sku, units in self.skus:
            if came[sku] > units:
                self.complain(f"The return has {units:,} of {sku}, not {came[sku]:,}: count again.")
                return
        if not any(came.values()):
            self.complain("Say how many came back good, and how many damaged.")
            return
        missing = {sku: units - came[sku] for sku, units in self.skus if units > came[sku]}
        if missing and self._confirmed != came:
            self._confirmed = came
            told = ", ".join(f"{units:,} of {sku}" for sku, units in missing.items())
            self.complain(f"{told} did not come back. Press enter again to receive the rest, without them.")
            return
        self.complain("")
        self.receive([line for line in lines if line.restocked or line.damaged])

    @work(group="receive", exclusive=True, exit_on_error=False)
    async def receive(self, lines: Sequence[ReceivedLine]) -> None:
        await self.session.services.parcels.receive_return(self.expected.return_id, lines)
        good, bad = sum(line.restocked for line in lines), sum(line.damaged for line in lines)
        sentence = f"Return {self.expected.return_id} received: {good:,} restocked, {bad:,} damaged."
        self.close(Received(self.expected.return_id, tuple(lines), sentence))


class Returns(Form[ReturnView]):
    """Returns to be received, newest first; closes with the one that is chosen, scanned or typed."""

    def __init__(self, session: Session, returns: Sequence[ReturnView]) -> None:
        super().__init__(session, f"{counted(len(returns), 'return')} to be received")
        self.returns = {each.return_id: each for each in returns}

    def body(self) -> ComposeResult:
        yield Input(placeholder="scan or type a return or an order, or choose below", id="named", compact=True)
        yield LineList()

    @property
    def lines(self) -> LineList:
        return self.query_one(LineList)

    def receiver(self, scope: Scope) -> Form[ReturnView] | LineList:
        return self.lines if scope is Scope.LIST else self

    def on_mount(self) -> None:
        super().on_mount()
        viewer = self.session.viewer()
        self.lines.show([(each.return_id, return_line(each, viewer)) for each in self.returns.values()])
        self.set_focus(self.lines if self.returns else self.query_one("#named", Input))
        if not self.returns:
            self.complain(
                "Nothing is on its way back. Type or scan a return or an order all the same, or go back with escape."
            )

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.do_confirm()

    def on_scanned(self, message: Scanned) -> None:
        message.prevent_default()  # elsewhere a form has no use for a scan
        self.find(message.text)

    def do_confirm(self) -> None:
        named = self.query_one("#named", Input).value.strip()
        if named:
            self.find(named)
        elif (chosen := self.lines.cursor_id) is not None:
            self.close(self.returns[chosen])

    @work(group="find", exclusive=True, exit_on_error=False)
    async def find(self, text: str) -> None:
        """By the return's id, else by anything that names its order."""
        if text in self.returns:
            self.close(self.returns[text])
            return
        services = self.session.services
        order_id = await services.find(text)
        found = await services.parcels.returns(order_id, to_receive=True) if order_id is not None else []
        if not found:
            raise NotFound("return.none", f"Nothing that {text!r} names is to be received.")
        self.close(found[0])


def return_line(each: ReturnView, viewer: Viewer) -> Content:
    """One return as a line."""
    units = ", ".join(f"{count}×{sku}" if count > 1 else sku for sku, count in each.skus.items())  # noqa: RUF001
    return Content.assemble(
        (f"{each.return_id:<20} {each.order_number:<20}", "bold"),
        f" {deadline(each.respond_by, viewer):>8}  {status_words(each.status)}  ",
        (units, "$text-muted"),
    )


def status_words(status: str) -> str:
    """TikTok's name of a status in small letters."""
    return status.replace("RETURN_OR_REFUND_", "").replace("_", " ").lower()
