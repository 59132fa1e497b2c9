"""The catalogue of mends: for each stable failure code, its class of error and what a person should do."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources

from engine.words import ErrorClass


@dataclass(frozen=True, slots=True)
class Mend:
    """What to do about a failure, and what kind of trouble it is."""

    error_class: ErrorClass
    what_to_do: str


_UNKNOWN = Mend(ErrorClass.SYSTEM, "Read the cause, mend it, then retry.")


@functools.cache
def _catalogue() -> dict[str, Mend]:
    text = resources.files("engine.workflow").joinpath("mends.toml").read_text(encoding="utf-8")
    return {code: Mend(ErrorClass(entry["class"]), entry["what_to_do"]) for code, entry in tomllib.loads(text).items()}


def mend_for(code: str) -> Mend:
    """The mend of a failure code; a code nobody described still gets a usable answer."""
    return _catalogue().get(code, _UNKNOWN)
