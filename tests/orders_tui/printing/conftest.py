"""A house with labelled orders, and services that print into a folder of the test's own."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pypdf import PdfReader

from engine.actors import Actor
from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.words import ChangeSource
from orders_tui.printing.printers import PrintSettings
from orders_tui.services import Services
from tests.factories import Factory, opened


@pytest.fixture
async def store(database: EmbeddedServer) -> AsyncIterator[Database]:
    async with opened(database) as store:
        yield store


@pytest.fixture
async def factory(store: Database) -> Factory:
    factory = Factory(store)
    await factory.shop()
    return factory


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "paper"


@pytest.fixture
async def services(store: Database, folder: Path) -> AsyncIterator[Services]:
    services = Services(store, Actor("mira", ChangeSource.USER), print_settings=PrintSettings(folder=folder))
    yield services
    await services.close()


def texts(body: bytes) -> list[str]:
    """The words of each page, a space between any two."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(body)).pages]
