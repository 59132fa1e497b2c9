"""Buyers with invented names and addresses."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any


@dataclass(frozen=True, slots=True)
class Buyer:
    """One person who orders, as they typed themselves in; `tax_basis_points` is their state's sales tax."""

    first_name: str
    last_name: str
    phone_number: str
    email: str
    street: str
    apartment: str
    city: str
    state: str
    state_code: str
    postal_code: str
    tax_basis_points: int

    @property
    def name(self) -> str:
        """The full name."""
        return f"{self.first_name} {self.last_name}"


@cache
def _people() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("people.toml").read_text(encoding="utf-8"))


def draw_buyer(random: Random) -> Buyer:
    """Draw a buyer; the same random state gives the same person."""
    people = _people()
    city, state, state_code, postal_code, area, tax = random.choice(people["places"])
    number = random.randrange(2, 9800)
    return Buyer(
        first_name=random.choice(people["first_names"]),
        last_name=random.choice(people["last_names"]),
        phone_number=f"(+1){area}-555-01{random.randrange(100):02d}",
        email=f"{random.getrandbits(40):010x}@relay.example",
        street=f"{number} {random.choice(people['street_names'])} {random.choice(people['street_kinds'])}",
        apartment=random.choice(people["apartments"]),
        city=city,
        state=state,
        state_code=state_code,
        postal_code=postal_code,
        tax_basis_points=tax,
    )


def draw_message(random: Random) -> str:
    """Draw something a buyer writes to the shop."""
    message: str = random.choice(_people()["messages"])
    return message
