"""The numbers at the end of a demo, and whether they add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.reports.accounts import Accounts


@dataclass(frozen=True, slots=True)
class Summary:
    """What our books say, and what the outside world counted."""

    accounts: Accounts
    state: Mapping[str, Any]
    seconds: float
    recovery_seconds: float | None

    @property
    def complaints(self) -> list[str]:
        """Everything that does not add up, one sentence each; empty when every order is accounted for."""
        state, accounts = self.state, self.accounts
        found = []
        if accounts.orders != state["orders_total"]:
            found.append(f"{accounts.orders} orders are here, {state['orders_total']} were placed.")
        if dict(accounts.outcomes) != {name: count for name, count in state["foretold"].items() if count}:
            found.append(
                f"The seed foretells {_counts(state['foretold'])}, but it became {_counts(accounts.outcomes)}."
            )
        if not accounts.labels == state["labels_bought"] == state["packages_needing_label"]:
            found.append(
                f"{state['labels_bought']} labels were bought, {accounts.labels} are recorded, "
                f"{state['packages_needing_label']} packages needed one."
            )
        if state["orders_with_two_labels"]:
            found.append(f"{state['orders_with_two_labels']} orders have two labels.")
        if accounts.broken_histories:
            found.append(f"{accounts.broken_histories} orders have an incomplete history.")
        if accounts.unbalanced_stock:
            found.append(f"{accounts.unbalanced_stock} stock levels do not match their movements.")
        if accounts.open_without_work:
            found.append(f"{accounts.open_without_work} open orders have been forgotten.")
        return found

    def document(self) -> dict[str, Any]:
        """The summary for machines; names are stable."""
        calls = sum(count for family, count in self.state["http_calls"].items() if not family.startswith("admin"))
        orders = self.accounts.orders
        return {
            "orders": orders,
            "outcomes": dict(self.accounts.outcomes),
            "foretold": {name: count for name, count in self.state["foretold"].items() if count},
            "labels_bought": self.state["labels_bought"],
            "packages_needing_label": self.state["packages_needing_label"],
            "faults": dict(self.state["faults"]),
            "http_calls": calls,
            "http_calls_per_order": round(calls / orders, 2) if orders else 0.0,
            "seconds": round(self.seconds, 2),
            "orders_per_second": round(orders / self.seconds, 1) if self.seconds else 0.0,
            "recovery_seconds": None if self.recovery_seconds is None else round(self.recovery_seconds, 2),
            "accounted_for": not self.complaints,
            "complaints": self.complaints,
        }

    def lines(self) -> list[str]:
        """The summary for people."""
        document = self.document()
        width = max(len(name) for name in document["outcomes"]) if document["outcomes"] else 0
        lines = [f"  {name.ljust(width)}  {count:>6}" for name, count in sorted(self.accounts.outcomes.items())]
        lines.append("")
        lines.append(f"orders {document['orders']}")
        lines.append(
            f"labels bought {document['labels_bought']}, packages that needed one {document['packages_needing_label']}"
        )
        lines.append(
            f"faults met {sum(document['faults'].values())}, HTTP calls per order {document['http_calls_per_order']}"
        )
        lines.append(f"seconds {document['seconds']}, orders/s {document['orders_per_second']}")
        if document["recovery_seconds"] is not None:
            lines.append(f"recovery.seconds {document['recovery_seconds']}")
        lines += self.complaints or ["Every order is accounted for."]
        return lines


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()) if count) or "nothing"
