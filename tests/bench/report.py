"""One line a figure, with what was wanted beside it."""

from __future__ import annotations


def figure(name: str, value: float | str, unit: str, wanted: str = "") -> None:
    """Print `NAME VALUE UNIT`, and the target where there is one."""
    shown = f"{value:.2f}" if isinstance(value, float) else value
    print(f"{name} {shown} {unit}{f'  (wanted: {wanted})' if wanted else ''}", flush=True)
