"""What all shapes have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Asked(BaseModel):
    """Something sent in: a name it does not know is refused, and text is no number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, hide_input_in_errors=True)


class Told(BaseModel):
    """Something sent out."""

    model_config = ConfigDict(frozen=True)
