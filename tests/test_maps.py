"""The docstring of each package is the map of its folder: no module is missing from it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = sorted(
    file.parent
    for package in ("engine", "sync", "orders_tui")
    for file in (ROOT / package).rglob("__init__.py")
    if "migrations" not in file.parts
)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: str(package.relative_to(ROOT)))
def test_every_module_is_on_its_package_s_map(package: Path) -> None:
    found = ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8"))) or ""
    words = set(re.findall(r"\w+", found))
    modules = {file.stem for file in package.glob("*.py") if not file.stem.startswith("__")}
    folders = {file.parent.name for file in package.glob("*/__init__.py")}
    assert sorted((modules | folders) - words) == []
