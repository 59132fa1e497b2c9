"""Nothing personal and no secret gets into a log, whoever writes it; what an operator needs does."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import TypeGuard

import orjson
import pytest

from orders_tui.redaction import KNOWN, WITHHELD, scrubbed
from tests.orders_tui.leaking import EVERYTHING, ORDER

ROOT = Path(__file__).parents[2]
_LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
_LOGGERS = {"_log", "log", "logger"}
_NUMBERS = {
    *(
        "active",
        "attempt",
        "bytes",
        "removed",
        "claims",
        "cleared",
        "differed",
        "grants",
        "hints",
        "keys",
        "letters",
        "listings",
        "messages",
    ),
    *(
        "moved_on_hand",
        "new",
        "on_hand",
        "port",
        "process",
        "raised",
        "reserved",
        "seconds",
        "sessions",
        "skus",
        "subjects",
    ),
}
"""Names under which our events hold numbers, which are written whatever they are called."""


def test_what_people_are_called_and_what_opens_doors_gets_into_no_log(tmp_path: Path) -> None:
    environment = os.environ | {"XDG_STATE_HOME": str(tmp_path), "PYTHONWARNINGS": "always"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.orders_tui.leaking"], capture_output=True, text=True, cwd=ROOT, env=environment
    )
    errors_log = (tmp_path / "orders-tui" / "errors.log").read_text("utf-8")
    for where, text in (("stdout", done.stdout), ("the log", done.stderr), ("errors.log", errors_log)):
        found = {
            secret: [line for line in text.splitlines() if secret in line][:1]
            for secret in EVERYTHING
            if secret in text
        }
        assert not found, f"in {where}: {found}"
    lines = [orjson.loads(line) for line in done.stderr.splitlines()]
    by_event: dict[str, dict[str, object]] = {line["event"]: line for line in lines}

    received = by_event["order_received"]
    assert (received["order_id"], received["level"], received["payload"], received["customer"]) == (
        str(ORDER),
        "info",
        WITHHELD,
        WITHHELD,
    )
    assert (
        by_event["bound_event"].items() >= {"order_id": str(ORDER), "request_id": "c0ffee", "buyer": WITHHELD}.items()
    )
    assert by_event["call_refused"]["attempt"] == 3
    assert by_event["object_given"]["orders"] == [str(ORDER), 7, 1.5, None]
    assert by_event["could not parse … at …, try 3"]["logger"] == "somelibrary.client"
    assert by_event["extra"].items() >= {"tries": 2, "customer": WITHHELD}.items()
    told = {event: str(by_event[event]["exception"]).splitlines() for event in by_event if event.endswith("_broke")}
    assert told["pydantic_broke"][-1] == "ValidationError"
    assert told["database_broke"][-1] == "UniqueViolationError (23505, users_email_key)"
    assert told["system_broke"][-1] == "FileNotFoundError 2: No such file or directory"
    assert told["chain_broke"][-1] == f"Retryable carrier.no_answer: EasyPost gave no answer about {WITHHELD}."
    assert "which led to" in told["chain_broke"]
    assert [line.strip() for line in told["group_broke"] if " in " not in line] == [
        "ValueError", "RuntimeError", "ExceptionGroup", "ExceptionGroup",
    ]  # fmt: skip
    assert told["json_broke"][0].startswith("  orders_tui/leaking.py:")
    assert told["thread_broke"][-1] == "RuntimeError"
    assert told["program_broke"][-1] == "SystemError"
    assert by_event["error_left_behind"]["exception"].splitlines()[-1] == "RuntimeError"  # type: ignore[attr-defined]
    assert by_event["Task exception was never retrieved"]["logger"] == "asyncio"
    assert "ValueError" in errors_log


def _logs(node: ast.AST) -> TypeGuard[ast.Call]:
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr in _LEVELS and ast.unparse(called.value) in _LOGGERS


def test_every_name_under_which_we_log_is_known_or_holds_a_number() -> None:
    used: dict[str, str] = {}
    for package in ("engine", "sync", "orders_tui"):
        for file in (ROOT / package).rglob("*.py"):
            text = file.read_text("utf-8")
            if not any(f"{logger}." in text for logger in _LOGGERS):
                continue
            for node in ast.walk(ast.parse(text)):
                if _logs(node):
                    place = f"{file.relative_to(ROOT)}:{node.lineno}"
                    used |= {each.arg: place for each in node.keywords if each.arg}
    unknown = {
        name: place
        for name, place in used.items()
        if name not in KNOWN | _NUMBERS | {"exc_info", "extra", "stored", "timestamp"}
    }
    assert not unknown, f"add it to redaction.KNOWN if nothing personal can stand there: {unknown}"


@pytest.mark.parametrize(
    "text",
    [
        "order 576461412345678901 of shop 7495000000000000001",
        "label:0191a1b2-0000-7000-8000-000000000001:1",
        "notice:alert:workflow_queue:1:fired",
        "2026-03-02T12:00:00.123456Z from 198.51.100.7:8321",
        "1Z999AA10123456784 by USPS, 12.50 USD, 1,200 calls",
        "database.unreachable: The database at 127.0.0.1:5432 does not answer (connection refused): start it, or mend database.url.",
    ],
)
def test_ids_codes_and_times_stay_as_they_are(text: str) -> None:
    assert scrubbed(text) == text
