"""A short list of lines with a cursor, as Triage and Failed show; the cursor stays on its line whatever changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from orders_tui.actions import Scope
from orders_tui.bindings import bindings_of


class LineList(OptionList, inherit_bindings=False):
    """Lines with ids. `show` keeps the cursor on its id, else near its place."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.LIST)

    def show(self, lines: Sequence[tuple[str, Content]]) -> None:
        """Draw these lines; only those that changed are drawn again when the ids are as before."""
        old = [option.id for option in self.options]
        if old == [line_id for line_id, _ in lines]:
            for index, (_, content) in enumerate(lines):
                if self.get_option_at_index(index).prompt != content:
                    self.replace_option_prompt_at_index(index, content)
            return
        at, here = self.highlighted, self.cursor_id
        self.set_options([Option(content, id=line_id) for line_id, content in lines])
        ids = [line_id for line_id, _ in lines]
        self.highlighted = ids.index(here) if here in ids else min(at or 0, len(ids) - 1) if ids else None

    @property
    def cursor_id(self) -> str | None:
        """The id of the line under the cursor."""
        option = self.highlighted_option
        return option.id if option else None

    def do_down(self) -> None:
        self.action_cursor_down()

    def do_up(self) -> None:
        self.action_cursor_up()

    def do_page_down(self) -> None:
        self.action_page_down()  # type: ignore[no-untyped-call]

    def do_page_up(self) -> None:
        self.action_page_up()  # type: ignore[no-untyped-call]

    def do_first(self) -> None:
        self.action_first()

    def do_last(self) -> None:
        self.action_last()
