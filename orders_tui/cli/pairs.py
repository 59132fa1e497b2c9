"""Options that are given as NAME=VALUE, several times."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import Misconfigured


def read_pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """Each NAME=VALUE. Raises Misconfigured for one that is none, or a name given twice."""
    pairs: dict[str, str] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not name.strip() or not equals:
            raise Misconfigured("usage.pair", f"{option} {each!r} must be written NAME=VALUE.")
        if name.strip() in pairs:
            raise Misconfigured("usage.pair", f"{option} gives {name.strip()} twice; give it once.")
        pairs[name.strip()] = value.strip()
    return pairs
