"""Which orders are marked: by id, so that sorting, filtering and refreshing change nothing about it."""

from __future__ import annotations

from collections.abc import Iterable

from engine.identifiers import OrderId


class Selection:
    """Marked orders, or every order that matches the filter less those unmarked by hand."""

    def __init__(self) -> None:
        self._marked: dict[OrderId, None] = {}
        self._excluded: set[OrderId] = set()
        self.everything = False

    def __contains__(self, order_id: OrderId) -> bool:
        return order_id not in self._excluded if self.everything else order_id in self._marked

    def __bool__(self) -> bool:
        return self.everything or bool(self._marked)

    @property
    def marked(self) -> tuple[OrderId, ...]:
        """The marked ids in the order they were marked; empty while everything is marked."""
        return () if self.everything else tuple(self._marked)

    @property
    def excluded(self) -> frozenset[OrderId]:
        """The ids taken out of "everything" by hand."""
        return frozenset(self._excluded)

    def size(self, total: int) -> int:
        """How many are marked in a list of `total`."""
        return max(0, total - len(self._excluded)) if self.everything else len(self._marked)

    def set(self, order_ids: Iterable[OrderId], *, marked: bool) -> None:
        """Mark or unmark these."""
        for order_id in order_ids:
            if self.everything:
                (self._excluded.discard if marked else self._excluded.add)(order_id)
            elif marked:
                self._marked[order_id] = None
            else:
                self._marked.pop(order_id, None)

    def toggle(self, order_id: OrderId) -> None:
        self.set([order_id], marked=order_id not in self)

    def mark_everything(self) -> None:
        """Mark whatever matches the filter, seen or not."""
        self.clear()
        self.everything = True

    def invert(self, loaded: Iterable[OrderId]) -> None:
        """Turn the marks around: among the loaded rows, or of everything into just those that had been taken out."""
        if self.everything:
            taken_out = self._excluded
            self.clear()
            self.set(taken_out, marked=True)
            return
        for order_id in loaded:
            self.toggle(order_id)

    def clear(self) -> None:
        self._marked = {}
        self._excluded = set()
        self.everything = False
