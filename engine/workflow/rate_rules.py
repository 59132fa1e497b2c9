"""How a rule for rates is written; what it chooses is decided where rates are read (`sync.shipping.choice`)."""

from __future__ import annotations

import re

WORDS = "cheapest, fastest, in_time, default, service:<name> or carrier:<name>"
"""How they are written, for a sentence."""

_WRITTEN = re.compile(r"cheapest|fastest|in_time|default|(service|carrier):\s*\S.{0,59}")


def is_rate_rule(text: str) -> bool:
    """Whether this is a rule for rates."""
    return _WRITTEN.fullmatch(text) is not None
