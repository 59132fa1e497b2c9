"""The lines of `make bench-console`: a figure, its limit, the verdict; in the end how many limits were missed."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence


class Figures:
    """Prints each figure as it is measured and remembers what missed its limit."""

    def __init__(self) -> None:
        self.missed: list[str] = []
        self.measured = 0

    def limited(self, name: str, value: float, unit: str, limit: float, beside: str = "") -> None:
        """A figure that must not exceed its limit; `beside` is what else was measured in the same run."""
        self.measured += 1
        kept = value <= limit
        if not kept:
            self.missed.append(name)
        shown = f"{value:,.0f}" if value >= 1000 or value == int(value) else f"{value:.1f}"
        verdict = "ok" if kept else "MISSED"
        _print(f"{name} {shown} {unit}  (limit {limit:g}: {verdict}){f'  [{beside}]' if beside else ''}")

    def told(self, name: str, value: float, unit: str, beside: str = "") -> None:
        """A figure without a limit of its own."""
        _print(f"  {name} {value:.1f} {unit}{f'  [{beside}]' if beside else ''}")

    def summed_up(self) -> int:
        """The last line, and the exit code."""
        if self.missed:
            _print(f"console: {len(self.missed)} of {self.measured} limits missed: {', '.join(self.missed)}")
            return 1
        _print(f"console: all {self.measured} limits kept")
        return 0


def _print(line: str) -> None:
    # Textual takes what is printed while an app runs.
    print(line, file=sys.__stdout__, flush=True)


def p95(values: Sequence[float]) -> float:
    """What nineteen of twenty took at most."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


def narrate(sentence: str) -> None:
    """What is being done, beside the figures."""
    print(sentence, file=sys.__stderr__, flush=True)
