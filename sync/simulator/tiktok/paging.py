"""Searches over a change log: windows, page sizes, opaque page tokens."""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zlib import crc32

import orjson

from sync.simulator.change_log import ChangeLog
from sync.simulator.tiktok.envelope import CATCH_ALL, refusal
from sync.simulator.wire import Call


@dataclass(frozen=True, slots=True)
class Page:
    """Members of one page, the token of the next (empty at the end), and how many there are in all."""

    members: list[int]
    next_page_token: str
    total_count: int


def page_size(call: Call, largest: int, default: int) -> int:
    """Return the asked page size. Raises RefusedError."""
    text = call.value("page_size")
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= largest:
        raise refusal(CATCH_ALL, f"Invalid page_size: a number from 1 to {largest} is expected.", 400)
    return int(text)


def sort(call: Call, fields: Mapping[str, ChangeLog], default_field: str, default_order: str) -> tuple[str, bool]:
    """Return the asked sort field and whether newest comes first. Raises RefusedError."""
    field, order = call.value("sort_field") or default_field, call.value("sort_order") or default_order
    if field not in fields:
        raise refusal(CATCH_ALL, f"Invalid sort_field: one of {', '.join(fields)} is expected.", 400)
    if order not in ("ASC", "DESC"):
        raise refusal(CATCH_ALL, "Invalid sort_order: ASC or DESC is expected.", 400)
    return field, order == "DESC"


def second(body: Mapping[str, object], name: str) -> int | None:
    """Return a time filter in unix seconds. Raises RefusedError."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise refusal(CATCH_ALL, f"Invalid {name}: unix seconds are expected.", 400)
    return value


def strings(body: Mapping[str, object], name: str) -> list[str]:
    """Return a filter that is a list of strings, empty when it is not given. Raises RefusedError."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise refusal(CATCH_ALL, f"Invalid {name}: a list of strings is expected.", 400)
    return value


def start(call: Call) -> int:
    """Return where a page of a short list starts, whose tokens are plain positions. Raises RefusedError."""
    text = call.value("page_token") or "0"
    if not (text.isascii() and text.isdigit()):
        raise refusal(CATCH_ALL, "Invalid page_token.", 400)
    return int(text)


def search(
    call: Call,
    log: ChangeLog,
    window: tuple[int, int],
    matches: Callable[[int], bool] | None,
    *,
    newest_first: bool,
    size: int,
) -> Page:
    """Return one page of the window of a log.

    The page token holds a position of the log, so a scan drifts as the real one does: a member that changes during an
    ascending scan is met again at the end. Only the first page counts, when counting needs a look at every member.
    """
    low, high = window
    filters = crc32(f"{call.path}{call.value('sort_field')}{newest_first}".encode() + call.body)
    total = -1
    if token := call.value("page_token"):
        position, total = _read_token(token, filters)
        low, high = (low, min(high, position)) if newest_first else (max(low, position), high)
    if matches is None:
        total = log.count(*window)
    elif total < 0:
        total = sum(matches(member) for _, member in log.oldest_first(low, high))
    found: list[tuple[int, int]] = []
    scan = log.newest_first(low, high) if newest_first else log.oldest_first(low, high)
    for position, member in scan:
        if matches is None or matches(member):
            found.append((position, member))
            if len(found) > size:
                break
    if len(found) <= size:
        return Page([member for _, member in found], "", total)
    call.row_repeated = call.may_repeat_row and size > 1
    last_position = found[size - 2 if call.row_repeated else size - 1][0]
    following = last_position if newest_first else last_position + 1
    return Page([member for _, member in found[:size]], _write_token(filters, following, total), total)


def _write_token(filters: int, position: int, total: int) -> str:
    return b64encode(orjson.dumps([filters, position, total])).decode()


def _read_token(token: str, filters: int) -> tuple[int, int]:
    try:
        written_for, position, total = orjson.loads(b64decode(token, validate=True))
    except (NotBase64, ValueError, TypeError):
        raise refusal(CATCH_ALL, "Invalid page_token.", 400) from None
    if written_for != filters or not isinstance(position, int) or not isinstance(total, int) or position < 0:
        raise refusal(CATCH_ALL, "Invalid page_token: it belongs to another search.", 400)
    return position, total
