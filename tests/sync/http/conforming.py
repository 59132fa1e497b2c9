"""Whether an answer is what the document says of its endpoint: everything described is there, and nothing that is not."""

from __future__ import annotations

from functools import cache
from typing import Any

import httpx
from fastapi.routing import APIRoute
from pydantic import BaseModel

from sync.http.api.app import build_api


@cache
def _routes() -> list[APIRoute]:
    return [route for route in build_api().routes if isinstance(route, APIRoute)]


def conforms(answer: httpx.Response) -> Any:
    """The answer's document, after it was held against the shape of its endpoint."""
    assert answer.status_code == 200, answer.text
    path, method = answer.request.url.path, answer.request.method
    [route, *_] = [route for route in _routes() if route.path_regex.match(path) and method in (route.methods or ())]
    told = answer.json()
    assert issubclass(route.response_model, BaseModel)
    same_names(told, route.response_model.model_validate(told))
    return told


def same_names(told: Any, shape: Any) -> None:
    """Nothing is told that the shape does not describe."""
    if isinstance(shape, BaseModel):
        assert isinstance(told, dict)
        assert set(told) == shape.model_fields_set
        for name, value in told.items():
            same_names(value, getattr(shape, name))
    elif isinstance(shape, list):
        for one, described in zip(told, shape, strict=True):
            same_names(one, described)
