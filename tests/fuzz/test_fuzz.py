"""A few seconds of what `make api-fuzz` does for minutes, always the same."""

from __future__ import annotations

from pathlib import Path

from engine.database.connection import Database
from tests.fuzz.run import house, run


async def test_nothing_is_found_in_what_every_endpoint_is_asked_first(store: Database, tmp_path: Path) -> None:
    async with house(store) as (api, ids):
        outcome = await run(api, tmp_path, seed=None, examples=1, phases="fuzzing", order_id=ids[0])
    assert outcome.code == 0, outcome.told
    assert outcome.cases > 50
