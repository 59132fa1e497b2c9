"""Keys and command line do the same; see the package's docstring."""

from __future__ import annotations

import asyncio
import importlib
import os
import pkgutil
from pathlib import Path

import pytest

from engine.database.embedded import EmbeddedServer
from orders_tui.actions import ACTIONS, BY_ID
from tests.engine import emptied
from tests.orders_tui.console.parity import cases
from tests.orders_tui.console.parity.case import Scene
from tests.orders_tui.console.parity.desk import desk
from tests.orders_tui.console.parity.missing import MISSING


def _scenes() -> dict[str, Scene]:
    found: dict[str, Scene] = {}
    for module in sorted(pkgutil.iter_modules(cases.__path__), key=lambda module: module.name):
        for scene in importlib.import_module(f"{cases.__name__}.{module.name}").SCENES:
            found[f"{module.name}: {scene.name}"] = scene
    return found


SCENES = _scenes()
ONLY = os.environ.get("PARITY_ONLY", "")


@pytest.fixture(scope="module")
def two(server: EmbeddedServer) -> tuple[EmbeddedServer, EmbeddedServer]:
    """A database for the keys and one for the command line, emptied before each scene."""
    typed, said = (asyncio.run(emptied.make(server, name)) for name in ("parity_typed", "parity_said"))
    return typed, said


@pytest.mark.parametrize("name", SCENES)
async def test_keys_and_command_do_the_same(
    two: tuple[EmbeddedServer, EmbeddedServer],
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "config.toml").write_text("")
    monkeypatch.setenv("ORDERS_TUI_CONFIG", str(tmp_path / "config.toml"))
    for place in ("STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{place}_HOME", str(tmp_path / place.lower()))
    monkeypatch.chdir(tmp_path)
    wanted = [case for case in SCENES[name].cases if case.action.startswith(ONLY)]
    if not wanted:
        pytest.skip(f"none of its cases is {ONLY}")
    wrong: list[str] = []
    async with desk(two, SCENES[name]) as here:
        for case in wanted:
            wrong += await here.play(case)
    assert not wrong, "\n".join(wrong)


def test_every_action_of_the_registry_has_a_case() -> None:
    played = {case.action for scene in SCENES.values() for case in scene.cases}
    assert played <= set(BY_ID), f"there is no such action: {sorted(played - set(BY_ID))}"
    assert set(BY_ID) - played == set(MISSING), (
        f"without a case: {sorted(set(BY_ID) - played - MISSING)}; no longer missing: {sorted(MISSING & played)}"
    )
    assert set(BY_ID) >= MISSING, "an action that is gone is not missing"


def test_everything_that_changes_something_has_a_twin() -> None:
    assert [action.id for action in ACTIONS if action.permission != "look" and not action.twin] == []
