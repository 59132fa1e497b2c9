"""Write the next revision: what `engine.database.tables` has and the newest revision does not.

    python -m engine.database.migrations "what it adds"

Compares on a short-lived database of its own. What it writes is a draft: read it, add policies, partitions and grants.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

import asyncpg
from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from engine.database import embedded, migrate


def _write(connection: Connection, message: str) -> None:
    from engine.database.tables import metadata

    config = migrate.configuration(connection)
    config.attributes["metadata"] = metadata
    number = int(migrate.head() or 0) + 1
    command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}")


async def _main(data_directory: Path, message: str) -> None:
    async with embedded.serve(data_directory) as server:

        async def connect() -> Any:
            return await asyncpg.connect(**server.dsn_parameters())

        await migrate.upgrade(connect)
        engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
        async with engine.begin() as connection:
            await connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {migrate.SCHEMA}"))
            await connection.run_sync(_write, message)
        await engine.dispose()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit('Say what the revision adds: python -m engine.database.migrations "what it adds"')
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)  # as root the server's own account has to pass through
        asyncio.run(_main(Path(folder) / "data", sys.argv[1]))
