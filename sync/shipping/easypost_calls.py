"""EasyPost's API as bytes: one call, one answer, its refusals named. Nothing here is guarded or repeated."""

from __future__ import annotations

from typing import Any

import httpx

from engine.errors import Terminal
from engine.ports.requests import ParcelRequest
from sync.http_client import Timeouts, encode_json, is_this_machine
from sync.shipping.port import MEDIA_TYPES, Label, LabelFormat
from sync.shipping.refusals import lost, raise_refusal, unclear
from sync.shipping.wire import private_words, read_document

LISTS_BUDGET = "lists"
"""The rate budget of list calls, which EasyPost holds to 5 a second: give it in `GuardSettings.budgets`."""

BUYING_SECONDS = 65.0
"""EasyPost's own client waits a minute for a purchase."""

_LARGEST_FILE_BYTES = 10_000_000
_JSON = "application/json"
_STARTS = {b"%PDF-": LabelFormat.PDF, b"\x89PNG": LabelFormat.PNG, b"^XA": LabelFormat.ZPL}


class EasyPostCalls:
    """Calls with one API key."""

    def __init__(self, http: httpx.AsyncClient, api_key: str, timeouts: Timeouts, buy_seconds: float) -> None:
        self._http = http
        self._plain_headers = {"authorization": f"Bearer {api_key}"}
        self._body_headers = {**self._plain_headers, "content-type": _JSON}
        self._timeout = timeouts.as_httpx()
        self._slow_timeout = timeouts.as_httpx(read_seconds=buy_seconds)

    async def send(
        self,
        method: str,
        path: str,
        doing: str,
        *,
        query: dict[str, str] | None = None,
        body: dict[str, object] | None = None,
        spends: bool = False,
        private: ParcelRequest | None = None,
    ) -> dict[str, Any]:
        """The answer's object. `spends` marks what costs money or gives it back; nothing of `private` gets into a sentence.

        Raises Retryable, Terminal, TurnedAway or, for what spends, Ambiguous.
        """
        try:
            response = await self._http.request(
                method,
                path,
                params=query,
                content=None if body is None else encode_json(body),
                headers=self._plain_headers if body is None else self._body_headers,
                timeout=self._slow_timeout if spends else self._timeout,
            )
        except httpx.HTTPError as error:
            failure = lost(error, doing=doing, spends=spends)
        else:
            if not 200 <= response.status_code < 300:
                words = private_words(private) if private is not None else ()
                raise_refusal(response, doing=doing, spends=spends, private=words)
            try:
                return read_document(response.content)
            except ValueError:
                failure = unclear(doing, f"(HTTP {response.status_code} without a readable answer)", spends=spends)
        raise failure

    def address_of(self, file_address: str) -> httpx.URL:
        """Where a file is. Raises Terminal for one that would be fetched in the clear."""
        address = httpx.URL(file_address)
        base = self._http.base_url
        if address.scheme != "https" and not (address.host == base.host and is_this_machine(base.host)):
            raise Terminal("carrier.label_not_safe", "The file's address is not https; fetch it from EasyPost by hand.")
        return address

    async def download(self, address: httpx.URL, made_as: LabelFormat, doing: str) -> Label:
        """A file of EasyPost's; `made_as` is what it is when its host does not tell."""
        try:
            # Another host than the API's: it must not see the key.
            response = await self._http.get(address)
        except httpx.HTTPError as error:
            failure = lost(error, doing=doing, spends=False)
        else:
            raise_refusal(response, doing=doing, spends=False)
            told = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if not response.content or len(response.content) > _LARGEST_FILE_BYTES:
                raise unclear(doing, f"({len(response.content)} bytes)", spends=False)
            media_type = told if told in MEDIA_TYPES.values() else _media_type(response.content, made_as)
            return Label(media_type, response.content)
        raise failure


def _media_type(document: bytes, made_as: LabelFormat) -> str:
    """By its first bytes, when its host calls it a mere stream."""
    for start, label_format in _STARTS.items():
        if document.startswith(start):
            return MEDIA_TYPES[label_format]
    return MEDIA_TYPES[made_as]
