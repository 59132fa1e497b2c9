"""What goes out as JSON, written straight from the engine's plain values.

Money is a number literal with the digits the database has (`12.50`), never by way of a float; times are UTC (`…Z`), ids are text.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel
from starlette.responses import Response

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def written(value: Any) -> bytes:
    """JSON of plain values: dataclasses, mappings, sequences, and what stands in them."""
    return orjson.dumps(value, default=_plain, option=_OPTIONS)


def answer(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The answer with this value as its body."""
    return Response(written(value), status, dict(headers or {}), "application/json")


def fields_of(shape: type[BaseModel], value: object) -> dict[str, Any]:
    """Of a plain value what the shape names, under the same names."""
    return {name: getattr(value, name) for name in shape.model_fields}


def etag(version: int) -> str:
    """The tag of an order at this version."""
    return f'"{version}"'


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:f}")
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(type(value).__name__)
