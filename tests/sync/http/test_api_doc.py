"""docs/api.md is true: each of its requests is made, and gets the answer that stands beneath it."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from string import Template
from typing import Any

from engine.access.roles import Role
from engine.database.connection import Database
from engine.words import OrderStatus, WorkflowState
from tests.factories import BOWL, MUG, NOON, Factory
from tests.sync.http.api_calling import serving

DOCUMENT = Path(__file__).parents[3] / "docs" / "api.md"
_EXAMPLE = re.compile(r"```sh\n(?P<asked>.+?)```\n(?:\n```json\n(?P<told>.+?)```)?", re.DOTALL)


def alike(told: Any, shown: Any) -> bool:
    """Whether an answer has what is shown of it; `…` is anything."""
    if shown == "…":
        return told is not None
    if isinstance(shown, dict):
        return isinstance(told, dict) and all(name in told and alike(told[name], shown[name]) for name in shown)
    if isinstance(shown, list):
        return isinstance(told, list) and len(told) == len(shown) and all(map(alike, told, shown))
    return bool(told == shown)


async def test_every_example_of_the_document_is_true(store: Database) -> None:
    factory = Factory(store)
    order = await factory.order(number="577001", lines=(MUG,), ordered_at=NOON)
    other = await factory.order(
        number="577002",
        lines=(BOWL,),
        status=OrderStatus.CONFIRMED,
        state=WorkflowState.VALIDATED,
        ordered_at=NOON.replace(hour=13),
    )
    await store.pool.execute('UPDATE shops SET policies = \'{"import_mode": "work"}\'')
    examples = list(_EXAMPLE.finditer(DOCUMENT.read_text("utf-8")))
    assert len(examples) == 7
    async with serving(store) as api:
        given = {"ORDERS": api.url, "TOKEN": api.tokens[Role.SUPERVISOR], "ORDER": str(order), "OTHER": str(other)}
        for example in examples:
            words = shlex.split(example["asked"].replace("\\\n", " "))
            words = [Template(word).safe_substitute(given) for word in words]
            assert words[:2] == ["curl", "-s"]
            method, headers, body, url, rest = "GET", {}, None, "", iter(words[2:])
            for word in rest:
                match word:
                    case "-X":
                        method = next(rest)
                    case "-H":
                        name, _, value = next(rest).partition(": ")
                        headers[name] = value
                    case "-d":
                        body = next(rest)
                    case _:
                        url = word
            answer = await api.http.request(method, url, headers=headers, content=body)
            if example["told"] is None:
                assert len(answer.text.splitlines()) == 2
                continue
            assert alike(answer.json(), json.loads(example["told"])), (example["asked"], answer.text)
