"""What bears the keys of the Pick and pack screen: the waves, a walk, goods to put back, the parcel in hand."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.widgets import Static

from orders_tui.actions import Scope
from orders_tui.bindings import bindings_of
from orders_tui.panes.line_list import LineList


class WaveList(LineList):
    """The waves, and what waits for one."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.WAVES)


class WalkList(LineList):
    """The stops of one walk, by bin."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.WALK)


class BackList(LineList):
    """Goods on their way back to their bins."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.BACK)


class ParcelPane(Static, can_focus=True):
    """The parcel in hand."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Scope.PARCEL)
