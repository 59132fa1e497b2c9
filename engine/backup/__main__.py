"""`python -m engine.backup FILE`: try one backup in a process of its own, which gives way to everybody else.

The master key comes as it does everywhere, from the environment or a credential file. Says what is wrong and exits with 1, or with 0.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from engine.backup.restoring import MASTER_KEY
from engine.backup.scratch import try_backup
from engine.errors import OrdersError
from engine.privacy.secrets import Secrets

_GIVES_WAY = 10


def main() -> int:
    """One sentence on stdout where something is wrong."""
    os.nice(_GIVES_WAY)
    key = Secrets(os.environ).read(MASTER_KEY)
    try:
        tried = asyncio.run(try_backup(Path(sys.argv[1]), key.reveal() if key else None))
    except OrdersError as error:
        sys.stdout.write(error.sentence)
        return 1
    sys.stdout.write("".join(tried.proof.sentences[:1]))
    return 0 if tried.proof.whole else 1


if __name__ == "__main__":
    sys.exit(main())
