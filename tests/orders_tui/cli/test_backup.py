"""`orders-tui backup` and `restore`: what a person is told, of files, keys and findings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.backup.record import last_backup
from engine.database.connection import Database
from engine.privacy.wrapping import read_master
from tests.factories import MASTER_KEY, Factory
from tests.orders_tui.cli.saying import Command

FINGERPRINT = read_master(MASTER_KEY).fingerprint.hex()


async def test_a_backup_is_taken_listed_tried_and_refused_without_its_key(
    command: Command, factory: Factory, store: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await factory.many(3)
    folder = tmp_path / "backups"
    said = await command("backup", str(folder), "--json")
    assert (said.code, said.err) == (0, "")
    told = json.loads(said.out)
    file = Path(told["path"])
    assert (file.parent, told["rows"]["orders"], told["key_fingerprint"]) == (folder, 3, FINGERPRINT)
    assert MASTER_KEY not in said.out
    assert (await last_backup(store)).taken_at is not None

    listed = await command("backup", "list", str(folder))
    assert f"{file.name}  " in listed.out
    assert listed.out.rstrip().endswith(f"3 orders  key {FINGERPRINT}")
    by_name = await command("backup", str(folder / "mine.zip"))
    assert by_name.out == f"{folder / 'mine.zip'}\n"
    assert f"opens with the master key {FINGERPRINT} alone, which is not in it" in by_name.err
    taken_already = await command("backup", str(folder / "mine.zip"))
    assert (taken_already.code, "There is a file" in taken_already.err) == (1, True)

    # These rows were written past the engine, without audit or books: that is what a trial finds.
    tried = await command("backup", "verify", str(file), "--json")
    found = json.loads(tried.out)
    assert (tried.code, found["whole"], found["rows"]) == (1, False, sum(told["rows"].values()))
    assert found["accounts"]["broken_histories"] == 3

    monkeypatch.delenv("ORDERS_TUI_MASTER_KEY")
    refused = await command("restore", str(file), "--into", str(tmp_path / "new"))
    assert refused.code == 2
    assert f"opens with the master key {FINGERPRINT}, kept in the environment, ORDERS_TUI_MASTER_KEY" in refused.err
    wrong = tmp_path / "wrong.key"
    wrong.write_text("1c" * 32 + "\n")
    another = await command("restore", str(file), "--into", str(tmp_path / "new"), "--key", str(wrong))
    assert (another.code, "and the one given is" in another.err) == (1, True)
    assert not (tmp_path / "new").exists()
