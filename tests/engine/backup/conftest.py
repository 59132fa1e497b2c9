"""A folder that the account of an embedded server may pass through."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import FOLDER


@pytest.fixture
def passable(request: pytest.FixtureRequest) -> Path:
    path = request.config.stash[FOLDER] / re.sub(r"\W", "_", request.node.name)[:30]
    path.mkdir(mode=0o711)
    path.chmod(0o711)
    return path
