"""Definitions compiled once in this process. The digest of a text names its machine, whatever database it came from.

Orders finish on the edition they started with, so a batch may need several machines; those this process does not know are read from
the table within the batch's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engine.workflow.definition import Edition
from engine.workflow.definition_file import inspect, load_default, packaged_digest
from engine.workflow.machine import WorkflowMachine, compile_definition, default_machine

_TEXTS = """
SELECT d.digest, d.text FROM unnest($1::text[], $2::int[]) AS w(name, version)
JOIN workflow_definitions d ON d.name = w.name AND d.version = w.version
"""


@dataclass(frozen=True, slots=True)
class Unusable:
    """A definition that this program cannot run; its orders wait for a person, and `sentence` says why."""

    edition: Edition
    sentence: str


Workflow = WorkflowMachine | Unusable

_compiled: dict[bytes, Workflow] = {}


async def machines_of(connection: Any, editions: Iterable[Edition]) -> dict[Edition, Workflow]:
    """The machine of each edition, compiled if this process has not met it before."""
    wanted = set(editions)
    found = {edition: known for edition in wanted if (known := _known(edition)) is not None}
    unknown = [edition for edition in wanted if edition not in found]
    if unknown:
        names, versions = [edition.name for edition in unknown], [edition.version for edition in unknown]
        texts = {row["digest"]: row["text"] for row in await connection.fetch(_TEXTS, names, versions)}
        for edition in unknown:
            found[edition] = _compile(edition, texts.get(edition.digest))
    return found


def _known(edition: Edition) -> Workflow | None:
    if edition.digest is None:
        packaged = load_default()
        mine = (edition.name, edition.version) == (packaged.name, packaged.version)
        return default_machine() if mine else None
    if edition.digest == packaged_digest():
        return default_machine()
    return _compiled.get(edition.digest)


def _compile(edition: Edition, text: str | None) -> Workflow:
    name = f"The workflow {edition.name}, version {edition.version},"
    if text is None or edition.digest is None:
        return Unusable(edition, f"{name} is not in the database.")
    definition, mistakes = inspect(text, f"{edition.name}, version {edition.version}")
    workflow: Workflow
    if definition is None:
        workflow = Unusable(edition, f"{name} cannot be run by this program: {mistakes[0]}")
    else:
        workflow = compile_definition(definition)
    _compiled[edition.digest] = workflow
    return workflow
