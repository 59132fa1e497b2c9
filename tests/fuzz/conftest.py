"""The database of the tests of HTTP."""

from __future__ import annotations

from tests.sync.http.conftest import database, shared, store

__all__ = ["database", "shared", "store"]
