"""How money and addresses look from outside."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import WithJsonSchema

from sync.http.api.shapes.shape import Told

Amount = Annotated[
    Decimal, WithJsonSchema({"type": "number", "description": "In major units, with the digits the database has."})
]
"""A JSON number: up to fourteen digits, of which no reader's double loses one."""


class AddressShape(Told):
    """A postal address; empty text where nothing was given, `•••` where it may not be read."""

    name: str
    phone: str
    line1: str
    line2: str
    city: str
    state: str
    postal_code: str
    country: str
