"""The consent page, as far as a browser sees it: where the seller says yes or no, and is sent back to the app."""

from urllib.parse import urlencode

from sync.simulator.tiktok.envelope import CATCH_ALL, DIALECT, refusal
from sync.simulator.wire import Call, Operation, Reply
from sync.simulator.world import World

REDIRECT = "https://oms.example/tiktok/callback"


class ConsentCalls:
    """What the seller's browser is answered. `grant` says which seller it is, `answer=deny` that they refuse."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> list[Operation]:
        """Return the page."""
        return [
            Operation("tiktok.consent", "GET", "/open/authorize", self.authorize, DIALECT, lambda _call: None,
                      suffers_faults=False)
        ]  # fmt: skip

    def authorize(self, call: Call) -> Reply:
        """Send the browser back with a code and the app's own state, or with the refusal."""
        if call.value("service_id") != self._world.credentials.service_id:
            raise refusal(CATCH_ALL, "Invalid service_id: there is no such app.", 400)
        grants, number = self._world.grants.all, call.value("grant") or "0"
        if not number.isdigit() or int(number) >= len(grants):
            raise refusal(CATCH_ALL, "There is no such seller.", 404)
        state = call.value("state")
        answer = {"app_key": self._world.credentials.app_key}
        if call.value("answer") == "deny":
            answer |= {"code": "null", "error": "auth_denied"}
        else:
            answer["code"] = self._world.record("consented", grant=int(number))
        # An installation from the seller app store brings no state, and takes none back.
        answer |= {"state": state} if state else {}
        location = f"{REDIRECT}?{urlencode(answer)}".encode()
        return Reply(302, b"", b"text/plain", headers=((b"location", location),))
