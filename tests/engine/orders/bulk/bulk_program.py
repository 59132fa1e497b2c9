"""A program that is killed in the middle of a bulk change: `python -m tests.engine.orders.bulk.bulk_program BATCH ORDERS`.

It does the batch until so many of its orders are done, and dies as the out-of-memory killer would have it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from uuid import UUID

from engine.database.connection import DatabaseSettings, open_database
from engine.identifiers import BatchId
from engine.orders.bulk import many
from tests.engine.house import MIRA


async def main(batch_id: BatchId, dies_after: int) -> None:
    database = await open_database(DatabaseSettings(url=os.environ["ORDERS_TUI_DATABASE__URL"]), os.environ)

    def die(done: int, total: int) -> None:
        if done >= dies_after:
            os.kill(os.getpid(), signal.SIGKILL)

    await many.work(database, batch_id, actor=MIRA, on_progress=die)


if __name__ == "__main__":
    asyncio.run(main(BatchId(UUID(sys.argv[1])), int(sys.argv[2])))
