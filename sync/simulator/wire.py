"""A call, a reply, and the way between them: gate, faults, handler."""

import asyncio
import time
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from email.utils import formatdate
from math import ceil
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive, Scope, Send

from sync.simulator.conditions import NO_LIMITS, Excess, Outage, RetryAfter
from sync.simulator.faults import NO_FAULT, Answer, Fault
from sync.simulator.world import World

JSON = b"application/json"


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: status, exact bytes, media type, further headers."""

    status: int
    body: bytes
    media_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


class RefusedError(Exception):
    """Raised by a gate or a handler to answer at once with this reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one service words what may happen to any call."""

    bad_body: Callable[[], Reply]
    throttled: Callable[[], Reply]
    failed: Callable[[], Reply]
    documented: Callable[[object, str | None, int | None], Reply] | None = None
    """Makes the error with a code, a message and a status, the last two as the service words them when they are None."""
    succeeded: Callable[[object], Reply] | None = None


@dataclass(slots=True)
class Call:
    """One request as received: decoded query, raw body, headers by lower-case name."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[bytes, bytes]
    body: bytes
    path_values: Mapping[str, str]
    dialect: Dialect
    may_repeat_row: bool = False
    row_repeated: bool = False
    _json: Any = field(default=None, repr=False)

    def value(self, name: str) -> str | None:
        """Return a query value, the last one when repeated."""
        for key, value in reversed(self.query):
            if key == name:
                return value
        return None

    def json(self) -> dict[str, Any]:
        """Return the body as a JSON object, empty for no body; anything else is refused."""
        if self._json is None:
            try:
                self._json = orjson.loads(self.body) if self.body else {}
            except orjson.JSONDecodeError:
                self._json = ()
            if not isinstance(self._json, dict):
                raise RefusedError(self.dialect.bad_body())
        value: dict[str, Any] = self._json
        return value

    @property
    def origin(self) -> str:
        """Where the caller reached this server, such as ``http://127.0.0.1:8080``."""
        return f"http://{self.headers.get(b'host', b'127.0.0.1').decode('latin-1')}"


def nothing(_call: Call) -> str:
    """Say that a call is about no order in particular."""
    return ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing a service can be asked for.

    `gate` raises RefusedError for a caller who may not ask. `about` names the order or object in question, so that
    faults strike one order's operation at most twice in a row.
    """

    name: str
    method: str
    path: str
    handle: Callable[[Call], Reply]
    dialect: Dialect
    gate: Callable[[Call], None]
    about: Callable[[Call], str] = nothing
    suffers_faults: bool = True


class Endpoint:
    """The ASGI application of one operation."""

    def __init__(self, operation: Operation, world: World, cut: Callable[[Scope], None]) -> None:
        self._operation = operation
        self._service = operation.name.partition(".")[0]
        self._world = world
        self._cut = cut

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or suffer its fault."""
        call = Call(
            method=scope["method"],
            path=scope["path"],
            query=parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True),
            headers=dict(scope["headers"]),
            body=await _read_body(receive),
            path_values=scope.get("path_params", {}),
            dialect=self._operation.dialect,
        )
        self._world.advance()
        self._world.count_call(self._operation.name)
        outage = self._world.conditions.outage(self._service, self._world.now)
        if outage is not None and outage is not Outage.GATEWAY:
            if outage is Outage.REFUSE:
                self._cut(scope)
            await _until_disconnected(receive)
            return
        fault = NO_FAULT
        self._world.orders.viewer = None  # the gate says who looks; nothing else is answered until this call is
        try:
            if outage is not None:
                raise RefusedError(GATEWAY_REPLY)
            self._operation.gate(call)
            self._keep_limits(call)
            fault = self._draw_fault(call)
            reply = self._answer(call, fault)
        except RefusedError as refused:
            reply = refused.reply
        if fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        if fault.failure == "lost_reply":
            self._cut(scope)
            await _until_disconnected(receive)
            return
        await send_reply(send, reply, self._world.date_header())

    def _keep_limits(self, call: Call) -> None:
        conditions = self._world.conditions
        if conditions.limits is NO_LIMITS:
            return
        caller = (call.value("app_key") or "", call.value("shop_cipher") or "")
        excess = conditions.excess(self._operation.name, caller, self._world.now)
        if excess is None:
            return
        self._world.record("refusal", what="rate_limit")
        dialect, limits = self._operation.dialect, conditions.limits
        reply = dialect.throttled()
        if excess is Excess.HOUR and dialect.documented is not None:
            reply = dialect.documented(HOURLY_CAP, None, None)
        headers = tuple(header for header in reply.headers if header[0] != b"retry-after")
        if limits.retry_after == RetryAfter.SECONDS:
            headers += ((b"retry-after", str(ceil(limits.retry_after_seconds)).encode()),)
        elif limits.retry_after == RetryAfter.DATE:
            at = time.time() + limits.retry_after_seconds
            headers += ((b"retry-after", formatdate(at, usegmt=True).encode()),)
        raise RefusedError(Reply(reply.status, reply.body, reply.media_type, headers))

    def _draw_fault(self, call: Call) -> Fault:
        operation = self._operation
        if not operation.suffers_faults:
            return NO_FAULT
        identity = f"{operation.name} {operation.about(call)}"
        fault = self._world.faults.draw(operation.name, identity)
        for kind in fault.kinds:
            self._world.note_fault(kind, identity if fault.failure else None)
        return fault

    def _answer(self, call: Call, fault: Fault) -> Reply:
        match fault.failure:
            case "throttled":
                return self._operation.dialect.throttled()
            case "server_error":
                return self._operation.dialect.failed()
            case "gateway_error":
                return GATEWAY_REPLY
            case "repeated_call":
                self._operation.handle(call)
            case "answered":
                return self._answer_as_told(call, fault.answer or Answer())
        call.may_repeat_row = fault.repeats_row
        reply = self._operation.handle(call)
        if call.row_repeated:
            self._world.note_fault("repeated_row", None)
        return reply

    def _answer_as_told(self, call: Call, answer: Answer) -> Reply:
        if answer.carried_out:
            self._operation.handle(call)
        dialect = self._operation.dialect
        if answer.code is not None and dialect.documented is not None:
            return dialect.documented(answer.code, answer.message, answer.status)
        return dialect.succeeded(answer.data) if dialect.succeeded is not None else dialect.failed()


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


HOURLY_CAP = 36009037
GATEWAY_REPLY = Reply(
    502,
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center>"
    b"</body>\r\n</html>\r\n",
    b"text/html",
)


async def _read_body(receive: Receive) -> bytes:
    message: MutableMapping[str, Any] = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        return body
    chunks = [body]
    while message.get("more_body", False):
        message = await receive()
        chunks.append(message.get("body", b""))
    return b"".join(chunks)


async def send_reply(send: Send, reply: Reply, date: bytes) -> None:
    """Send a whole reply, dated by the service's own clock."""
    headers = [
        (b"content-type", reply.media_type),
        (b"content-length", str(len(reply.body)).encode()),
        (b"date", date),
        *reply.headers,
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
