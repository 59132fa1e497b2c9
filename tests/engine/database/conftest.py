"""Tests of the database itself change its schema: each has one of its own."""

from tests.conftest import database

__all__ = ["database"]
