"""The words of each notice: a text file in `templates/`, whose first line is the subject.

Values are text and nothing else: they are never read as a template, and lose control characters, so that a buyer's
message can neither add a header nor colour a terminal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import StrictUndefined, Template, TemplateError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.errors import Terminal

TEMPLATES = frozenset(
    {
        "order_rejected",
        "out_of_stock",
        "pick_list",
        "order_shipped",
        "review_request",
        "failure",
        "alert",
        "rule",
        "rule_broken",
        "low_stock",
        "oversold",
        "grant_ending",
        "grant_revoked",
    }
)

# Plain text: autoescaping would put HTML entities into it.
_environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A notice in words; `subject` is one line."""

    subject: str
    body: str


def render(template: str, values: Mapping[str, str]) -> Rendered:
    """The notice with its values. Raises Terminal for a template that does not exist or a value that is not given."""
    if template not in TEMPLATES:
        raise Terminal(
            "notice.unknown_template", f"There is no notice {template!r}; write one of {', '.join(sorted(TEMPLATES))}."
        )
    missing = sorted(required_values(template) - values.keys())
    if missing:
        raise Terminal("notice.missing_value", f"The notice {template!r} lacks {', '.join(missing)}; nothing was sent.")
    words = {name: plain(value) for name, value in values.items()}
    try:
        subject, body = (part.render(words) for part in _compiled(template))
    except TemplateError as error:
        raise Terminal(
            "notice.bad_template", f"The notice {template!r} cannot be written: {type(error).__name__}."
        ) from None
    return Rendered(one_line(subject), body)


@cache
def required_values(template: str) -> frozenset[str]:
    """The names of the values that the template uses."""
    return frozenset(meta.find_undeclared_variables(_environment.parse(_source(template))))


def plain(text: str) -> str:
    """The text without control characters other than line ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(character for character in text if character == "\n" or character.isprintable())


def one_line(text: str) -> str:
    """The text on one line, as a header needs it."""
    return " ".join(plain(text).split())


@cache
def _source(template: str) -> str:
    return files("sync.notices").joinpath("templates", f"{template}.txt").read_text("utf-8")


@cache
def _compiled(template: str) -> tuple[Template, Template]:
    # Apart, so that a value with an empty line in it does not end the subject early.
    subject, _, body = _source(template).partition("\n\n")
    return _environment.from_string(subject.removeprefix("Subject: ")), _environment.from_string(body)
