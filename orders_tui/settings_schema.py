"""The JSON schema of the configuration file, for editors that complete and check it as one types."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

from pydantic import BaseModel

from orders_tui.settings import Settings

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def settings_schema() -> dict[str, Any]:
    """Every setting with its type, its default and what it means; nothing else is allowed."""
    schema = Settings.model_json_schema()
    _describe(Settings, schema)
    for name, model in _models(Settings).items():
        if name in schema.get("$defs", {}):
            _describe(model, schema["$defs"][name])
    _untitle(schema)
    return {"$schema": DIALECT, "title": "Orders TUI"} | schema


def _models(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """The model and every one that lies in it, by name."""
    found = {model.__name__: model}
    for field in model.model_fields.values():
        for each in _in_annotation(field.annotation):
            if each.__name__ not in found:
                found |= _models(each)
    return found


def _in_annotation(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [each for part in getattr(annotation, "__args__", ()) for each in _in_annotation(part)]


def _describe(model: type[BaseModel], schema: dict[str, Any]) -> None:
    """What stands below a field in the source says what it means."""
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    assert isinstance(body, ast.ClassDef)
    for field, below in zip(body.body, body.body[1:], strict=False):
        says = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        if says and isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            described = schema["properties"].get(field.target.id)
            if described is not None:
                described["description"] = " ".join(str(below.value.value).split())  # type: ignore[attr-defined]


def _untitle(schema: Any) -> None:
    """Titles that only repeat the name."""
    if isinstance(schema, list):
        for each in schema:
            _untitle(each)
    if isinstance(schema, dict):
        if isinstance(schema.get("title"), str):
            del schema["title"]
        for each in schema.values():
            _untitle(each)
