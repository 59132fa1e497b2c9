"""Delivery to chat rooms, phones and hooks by Apprise: one call for each target, in a few threads, each with its time.

An Apprise URL holds secrets, so it is never logged nor quoted; staff supply it, so only the kinds that the settings allow are used.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import logging
import re
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import Refused
from engine.ports.outcomes import Done, Failed, NoticeSent, Outcome, Postponed, Unsure
from sync.notices.templates import Rendered

if TYPE_CHECKING:
    import apprise

DEFAULT_KINDS = (
    "slack",
    "discord",
    "tgram",
    "msteams",
    "gchat",
    "mmosts",
    "rockets",
    "ntfys",
    "pover",
    "twilio",
    "signals",
)
"""Of these, none but its own service (or an encrypted server of the shop's own) is called."""

_KIND = re.compile(r"^([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_STATUS = re.compile(r"\berror=(\d{3})\b")
_LATER = frozenset({408, 425, 429})
_loading = threading.Lock()


@dataclass(frozen=True, slots=True)
class AppriseSettings:
    """Which kinds of URLs may be used, how many are called at once, and how long one call may take."""

    kinds: tuple[str, ...] = DEFAULT_KINDS
    at_once: int = 8
    timeout_seconds: float = 15.0


class AppriseChannel:
    """Sends by Apprise. `close()` lets go of the threads."""

    def __init__(self, settings: AppriseSettings | None = None) -> None:
        self._settings = settings or AppriseSettings()
        self._threads = ThreadPoolExecutor(self._settings.at_once, thread_name_prefix="apprise")

    def close(self) -> None:
        """Wait for no call that still hangs."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def send(self, url: str, words: Rendered, reference: str) -> Outcome:
        """One message to one target; raises nothing."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._send, url, words, reference)
        except Refused as refusal:
            return Failed("notices.bad_target", refusal.sentence)
        except Exception as error:  # noqa: BLE001  # a plug-in may break in any way, and its words may hold the URL
            kind = type(error).__name__
            return Unsure("notices.no_answer", f"Apprise broke ({kind}); the message is sent again.")

    def _send(self, url: str, words: Rendered, reference: str) -> Outcome:
        service = open_url(url, self._settings.kinds)
        name = str(service.service_name)
        library = _library()
        sender = library.Apprise(asset=_asset())
        sender.add(service)
        with sender.notify(
            body=words.body, title=words.subject, body_format="text", timeout=self._settings.timeout_seconds
        ) as result:
            status = library.AppriseResultStatus(result.status)
            if status is library.AppriseResultStatus.SUCCESS:
                return Done(NoticeSent(reference))
            if status is library.AppriseResultStatus.TIMEOUT:
                sentence = f"{name} did not answer in {self._settings.timeout_seconds:g} s; the message is sent again."
                return Unsure("notices.no_answer", sentence)
            if status is library.AppriseResultStatus.NOMATCH:
                return Failed("notices.bad_target", f"Apprise has nobody to send this to at {name}; check the URL.")
            return _refusal(name, [str(entry.message) for entry in result.logs()])


def check_url(url: str, kinds: tuple[str, ...]) -> str:
    """What the service behind this URL is called. Raises Refused for a URL that Apprise or the settings do not take."""
    return str(open_url(url, kinds).service_name)


def open_url(url: str, kinds: tuple[str, ...]) -> apprise.NotifyBase:
    """The plug-in for a URL, which calls nobody yet. Raises Refused without quoting the URL."""
    library = _library()
    try:
        service: apprise.NotifyBase | None = library.Apprise.instantiate(
            url.strip(), asset=_asset(), suppress_exceptions=True
        )
    except Exception:  # noqa: BLE001  # whatever it says may quote the URL
        service = None
    if service is None:
        named = _KIND.match(url.strip())
        what = f"{named[1].lower()}:// URL" if named else "text without a kind like slack:// in front"
        raise Refused(
            "notices.bad_url", f"Apprise does not understand this {what}; see its page on that service for the form."
        )
    # A service's own https:// address becomes its kind here, and so cannot slip by.
    mine = {str(kind).lower() for kind in _kinds_of(service)}
    if not mine & {kind.lower() for kind in kinds}:
        shown = ", ".join(sorted(mine))
        raise Refused(
            "notices.kind_not_allowed",
            f"Notices may not go to {shown}:// URLs; add one of them to notices.apprise_kinds if they shall.",
        )
    return service


def _kinds_of(service: Any) -> set[str]:
    """The one kind that this very URL is of: encrypted or not is not the same."""
    kind = _KIND.match(str(service.url(privacy=True)))
    return {kind[1]} if kind else set()


def _refusal(name: str, lines: list[str]) -> Outcome:
    statuses = [int(found[1]) for line in lines if (found := _STATUS.search(line))]
    if not statuses:
        return Postponed("notices.unreachable", f"{name} could not be reached; the message is sent again.", None)
    status = statuses[-1]
    if status in _LATER or status >= 500:
        return Postponed("notices.put_off", f"{name} asks to wait (HTTP {status}); the message is sent again.", None)
    return Failed("notices.refused", f"{name} refuses the message (HTTP {status}); check the target's URL.")


def _library() -> Any:
    """Imported when first used, with all its plug-ins: most shops have no such target."""
    with _loading:
        return _load()


@functools.cache
def _load() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some plug-ins use what a later Python will not have
        apprise: Any = importlib.import_module("apprise")
        apprise.NotificationManager().load_modules()
    logging.getLogger("apprise").propagate = False  # its lines may quote what people wrote and where it went
    return apprise


def _asset() -> Any:
    return _library().AppriseAsset(secure_logging=True, async_mode=False, storage_mode="memory")
