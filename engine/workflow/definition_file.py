"""Workflow files: read and checked as a whole, so that one look names everything there is to mend."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from engine.errors import Misconfigured
from engine.workflow.actions import ACTIONS, MEANS
from engine.workflow.conditions import CONDITIONS, VOUCHED_FOR
from engine.workflow.definition import Definition, Mistake, SystemTrigger, digest_of
from engine.workflow.definition_checks import name_mistakes, retry_mistakes, shape_mistakes, skip_mistakes
from engine.workflow.definition_reading import Reader
from engine.workflow.results import may_fail
from engine.workflow.vouching import NEVER_SKIPPED

PACKAGED_FILE = "default.toml"


@functools.cache
def packaged_text() -> str:
    """The file of the workflow that ships with the program."""
    return resources.files("engine.workflow").joinpath(PACKAGED_FILE).read_text(encoding="utf-8")


@functools.cache
def packaged_digest() -> bytes:
    """What tells its text apart."""
    return digest_of(packaged_text())


@functools.cache
def load_default() -> Definition:
    """The workflow that ships with the program."""
    return parse(packaged_text(), PACKAGED_FILE)


def load(path: Path) -> Definition:
    """Read a workflow file. Raises Misconfigured, naming file, state and mend."""
    return parse(read_text(path), path.name)


def read_text(path: Path) -> str:
    """The text of a workflow file. Raises Misconfigured when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror.lower() if isinstance(error, OSError) and error.strerror else str(error)
        raise Misconfigured("workflow.unreadable", f"Cannot read the workflow file {path}: {reason}.") from error


def parse(text: str, file: str) -> Definition:
    """Read and check a workflow. `file` is how errors name it. Raises Misconfigured."""
    definition, sentences = inspect(text, file)
    if definition is None:
        more = f" (and {len(sentences) - 1} more: orders-tui workflow check names them)" if len(sentences) > 1 else ""
        raise Misconfigured("workflow.malformed", sentences[0] + more)
    return definition


def inspect(text: str, file: str) -> tuple[Definition | None, Sequence[str]]:
    """The workflow, or None and everything that is wrong with it, a sentence each."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, [f"{file} is not TOML: {error}."]
    # What a file does not say of the system's triggers, the default one says.
    reader = Reader(_default_system())
    definition = reader.definition(document)
    mistakes = list(reader.mistakes)
    if definition is not None:
        if not mistakes:  # a state that could not be read would be missed here once more
            mistakes += shape_mistakes(definition)
        mistakes += _mistakes_of_names(definition)
    return (definition, []) if definition and not mistakes else (None, [each.sentence(file) for each in mistakes])


def _mistakes_of_names(definition: Definition) -> list[Mistake]:
    return [
        *name_mistakes(definition, CONDITIONS, ACTIONS, may_fail=lambda name: may_fail(ACTIONS[name])),
        *retry_mistakes(definition, ACTIONS, may_be_retried=lambda name: name in MEANS or may_fail(ACTIONS[name])),
        *skip_mistakes(
            definition,
            may_be_vouched_for=VOUCHED_FOR.__contains__,
            may_be_passed_over=lambda name: (
                name not in NEVER_SKIPPED and name in ACTIONS and (name in MEANS or may_fail(ACTIONS[name]))
            ),
        ),
    ]


@functools.cache
def _default_system() -> dict[str, SystemTrigger]:
    return {
        name: SystemTrigger(tuple(value.get("conditions", ())), tuple(value.get("actions", ())))
        for name, value in tomllib.loads(packaged_text())["system"].items()
    }
