"""Data directories: one shared by the tests that leave it whole, copies for those that do not."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.database.embedded import serve
from tests.conftest import FOLDER
from tests.engine.database.embedded.programs import stop


@pytest.fixture
def folder(request: pytest.FixtureRequest) -> Path:
    path = request.config.stash[FOLDER] / re.sub(r"\W", "_", request.node.name)[:40]
    path.mkdir(mode=0o711)
    path.chmod(0o711)
    return path


@pytest.fixture(scope="package")
def made(request: pytest.FixtureRequest) -> Path:
    """A data directory with a stopped cluster in it."""
    data = request.config.stash[FOLDER] / "made"

    async def make() -> None:
        async with serve(data):
            pass

    asyncio.run(make())
    return data


@pytest.fixture
def data(made: Path) -> Iterator[Path]:
    """That directory, for tests that leave it whole."""
    yield made
    stop(made)


@pytest.fixture
def spoilt(made: Path, folder: Path) -> Iterator[Path]:
    """A copy of it, for tests that leave it broken or changed."""
    copy = folder / "data"
    subprocess.run(["cp", "-a", str(made), str(copy)], check=True)
    yield copy
    stop(copy)
