"""A program that tries hard to get people and secrets into its log: `python -m tests.orders_tui.leaking`."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import orjson
import pydantic
import structlog

from engine.errors import Retryable
from engine.privacy.secrets import Secrets
from orders_tui.logs import configure_json_logs
from orders_tui.mistakes import keep_logs_off_the_terminal, write_down

NAME, STREET, CITY = "Ines Falk", "12 Harbour Lane", "Quayside"
MAIL, PHONE, OTHER_PHONE = "ines.falk@post.example", "+44 20 7946 0958", "(555) 010-0199"
MASTER_KEY, API_KEY, PASSWORD = "9f" * 32, "EZTK77d1a8f0c2b4e6", "correct horse battery"
JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiI1ZjBjMmIxZSJ9.c2lnbmF0dXJl"
TIKTOK = "ROW_pQ7xZk3mN9vB2cL5"
EVERYTHING = (
    NAME,
    "Ines",
    "Falk",
    STREET,
    "Harbour",
    CITY,
    MAIL,
    PHONE,
    OTHER_PHONE,
    MASTER_KEY,
    API_KEY,
    PASSWORD,
    JWT,
    TIKTOK,
)
CUSTOMER = {"name": NAME, "address": {"line1": STREET, "city": CITY}, "email": MAIL, "phone": [PHONE, OTHER_PHONE]}
ORDER = UUID("0191a1b2-0000-7000-8000-000000000001")


class Recipient(pydantic.BaseModel):
    name: int
    email: int


@contextmanager
def logged(what: str, logger: Any) -> Iterator[None]:
    """What is raised inside is logged with its traceback."""
    try:
        yield
    except BaseException:
        logger.exception(what)


def own_events(log: Any) -> None:
    log.info("order_received", order_id=str(ORDER), customer=NAME, name=NAME, payload=CUSTOMER, to=MAIL)
    log.warning(
        "call_refused", code="http.refused", sentence=f"{MAIL} and {PHONE} at ?access_token={TIKTOK} with Bearer {JWT}"
    )
    log.warning(
        "call_refused",
        sentence=f"The key {API_KEY} and postgresql://orders:{PASSWORD.split(maxsplit=1)[0]}@db.example/orders",
        attempt=3,
    )
    log.error(f"label for {NAME} failed", positional=NAME)  # noqa: G004
    log.error(f"label_for_{NAME}")  # noqa: G004
    log.error("object_given", error=Recipient, sentence=["a list", MAIL, {"name": NAME}], orders=[ORDER, 7, 1.5, None])
    with structlog.contextvars.bound_contextvars(order_id=str(ORDER), buyer=NAME, request_id="c0ffee"):
        log.info("bound_event")


def exceptions(log: Any) -> None:
    with logged("pydantic_broke", log):
        Recipient.model_validate(CUSTOMER)
    with logged("json_broke", log):
        orjson.loads(f'{{"name": "{NAME}", oops}}')
    with logged("database_broke", log):
        error = asyncpg.UniqueViolationError(f"Key (email)=({MAIL}) already exists.")
        error.detail, error.sqlstate, error.constraint_name = (
            f"Failing row contains ({NAME}, {STREET})",
            "23505",
            "users_email_key",
        )
        raise error
    with logged("key_broke", log):
        raise KeyError(NAME)
    with logged("chain_broke", log):
        try:
            httpx.Request("GET", f"https://api.example/?sign={TIKTOK}")
            raise ValueError(f"bad address {STREET}")
        except ValueError as error:
            raise Retryable("carrier.no_answer", f"EasyPost gave no answer about {MAIL}.") from error
    with logged("group_broke", log):
        raise ExceptionGroup(f"many for {NAME}", [ValueError(STREET), ExceptionGroup(CITY, [RuntimeError(JWT)])])
    with logged("system_broke", log):
        open(f"/nowhere/{NAME}")  # noqa: PTH123, SIM115


def libraries() -> None:
    library = logging.getLogger("somelibrary.client")
    library.warning(f"could not parse {NAME} at {STREET}")
    library.warning("could not parse %s at %s, try %d", NAME, STREET, 3)
    library.warning("%(name)s lives in %(city)s", {"name": NAME, "city": CITY})
    library.warning("extra", extra={"customer": NAME, "address": STREET, "tries": 2})
    library.error(CUSTOMER)
    library.error(ValueError(MAIL))
    with logged("a library broke", library):
        raise LookupError(f"{NAME} <{MAIL}>")
    warnings.warn(f"deprecated for {NAME}", DeprecationWarning, stacklevel=1)


async def tasks() -> None:
    async def broken() -> None:
        raise RuntimeError(f"poll of {NAME}, {PHONE}")

    task = asyncio.create_task(broken(), name=NAME)
    await asyncio.wait([task])
    del task
    gc.collect()
    asyncio.get_running_loop().call_soon(lambda: [][len(NAME)])
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def ends() -> None:
    def die() -> None:
        raise RuntimeError(f"thread of {NAME}")

    thread = threading.Thread(target=die, name=NAME)
    thread.start()
    thread.join()

    class Left:
        def __del__(self) -> None:
            raise RuntimeError(f"left {NAME}")

    Left()
    gc.collect()


def main() -> None:
    configure_json_logs(level=logging.DEBUG)
    keep_logs_off_the_terminal()
    environment = {
        "ORDERS_TUI_MASTER_KEY": MASTER_KEY,
        "ORDERS_TUI_EASYPOST_API_KEY": API_KEY,
        "ORDERS_TUI_PASSWORD": PASSWORD,
    }
    for name in ("master_key", "easypost_api_key", "password"):
        secret = Secrets(environment).read(name)
        assert secret is not None
        secret.reveal()
    log = structlog.get_logger("sync.leaking")
    log.info("secrets_told", sentence=f"{MASTER_KEY} {API_KEY} {PASSWORD}")
    own_events(log)
    exceptions(log)
    exceptions(structlog.get_logger("sync.leaking"))
    libraries()
    asyncio.run(tasks())
    ends()
    write_down(ValueError(NAME), part="program")
    raise SystemError(f"the end of {NAME}, {STREET}, {MAIL}")


if __name__ == "__main__":
    main()
