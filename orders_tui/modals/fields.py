"""One line of a form: what it is called, what it begins with, whether it may stay empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input, Label


@dataclass(frozen=True, slots=True)
class Field:
    """A field to type in."""

    name: str
    label: str
    value: str = ""
    optional: bool = False
    hint: str = ""


def field_lines(fields: Sequence[Field]) -> Iterator[Widget]:
    """Each field as a label with its input, whose id is the field's name."""
    for field in fields:
        entry = Input(
            field.value,
            placeholder=field.hint,
            id=field.name,
            compact=True,
            classes="optional" if field.optional else "",
            select_on_focus=False,
        )
        yield Horizontal(Label(field.label, markup=False), entry, classes="field")


def values_of(form: Widget, fields: Sequence[Field]) -> Mapping[str, str]:
    """What was typed. Raises ValueError with one sentence for the first field that may not stay empty and is."""
    values = {field.name: form.query_one(f"#{field.name}", Input).value.strip() for field in fields}
    for field in fields:
        if not values[field.name] and not field.optional:
            form.query_one(f"#{field.name}", Input).focus()
            raise ValueError(f"{field.label[:1].upper()}{field.label[1:]} is missing.")
    return values
