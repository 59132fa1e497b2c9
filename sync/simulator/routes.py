"""From a path to the operation behind it: a look-up for fixed paths, a few comparisons for those with a value in them."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from starlette.types import Receive, Scope, Send

from sync.simulator.easypost import envelope as easypost_envelope
from sync.simulator.tiktok import envelope as tiktok_envelope
from sync.simulator.wire import Endpoint, Operation, Reply, send_reply
from sync.simulator.world import World

Methods = dict[str, Endpoint]
Values = dict[str, str]


class Pattern:
    """A path with values in it, such as `/v2/shipments/{id}/buy`."""

    def __init__(self, path: str) -> None:
        self.methods: Methods = {}
        parts = list(enumerate(path.split("/")))
        self._fixed = [(place, part) for place, part in parts if not part.startswith("{")]
        self._named = [(place, part[1:-1]) for place, part in parts if part.startswith("{")]

    def values(self, parts: list[str]) -> Values | None:
        """Return the values in a path of as many parts, None when it is another one."""
        if any(parts[place] != part for place, part in self._fixed):
            return None
        return {name: parts[place] for place, name in self._named}


class Routes:
    """The ASGI application of all operations."""

    def __init__(self, operations: Iterable[Operation], world: World, cut: Callable[[Scope], None]) -> None:
        self._world = world
        self._fixed: dict[str, Methods] = defaultdict(dict)
        self._patterns: dict[int, dict[str, Pattern]] = defaultdict(dict)
        for operation in operations:
            endpoint, path = Endpoint(operation, world, cut), operation.path
            if "{" in path:
                pattern = self._patterns[path.count("/")].setdefault(path, Pattern(path))
                pattern.methods[operation.method] = endpoint
            else:
                self._fixed[path][operation.method] = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path, method = scope["path"], scope["method"]
        methods = self._fixed.get(path)
        endpoint = methods.get(method) if methods is not None else None
        known = methods is not None
        if endpoint is None:
            parts = path.split("/")
            for pattern in self._patterns.get(len(parts) - 1, {}).values():
                if (values := pattern.values(parts)) is not None:
                    known = True
                    if (endpoint := pattern.methods.get(method)) is not None:
                        scope["path_params"] = values
                        break
        if endpoint is not None:
            await endpoint(scope, receive, send)
            return
        await send_reply(send, _no_such_method(path) if known else _no_such_path(path), self._world.date_header())


def _no_such_path(path: str) -> Reply:
    if path.startswith("/v2"):
        return easypost_envelope.missing("resource").reply
    return tiktok_envelope.failure(tiktok_envelope.NO_SUCH_PATH, "Invalid path.", 404)


def _no_such_method(path: str) -> Reply:
    if path.startswith("/v2"):
        return easypost_envelope.error(405, "METHOD_NOT_ALLOWED", "The method is not allowed here.")
    return tiktok_envelope.failure(tiktok_envelope.NO_SUCH_METHOD, "Invalid method.", 405)
