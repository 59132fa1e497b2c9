"""TikTok's signatures: HMAC-SHA256 with the app secret, lower-case hexadecimal."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

_UNSIGNED = frozenset({"sign", "access_token"})


def sign_request(
    path: str, query: Mapping[str, str], body: bytes, app_secret: str, *, media_type: str = "application/json"
) -> str:
    """The `sign` of one request.

    `query` holds decoded values (commas and `+/=` as they are); `body` is the exact bytes that are sent, empty for
    none. The body of a multipart upload is not signed.
    """
    parameters = "".join(f"{key}{query[key]}" for key in sorted(query) if key not in _UNSIGNED)
    if media_type.partition(";")[0].strip().lower() == "multipart/form-data":
        body = b""
    secret = app_secret.encode()
    return hmac.new(secret, secret + (path + parameters).encode() + body + secret, hashlib.sha256).hexdigest()


def is_genuine_webhook(authorization: str, raw_body: bytes, *, app_key: str, app_secret: str) -> bool:
    """Whether the `Authorization` header of a webhook fits its body, as received and before any parsing.

    The signature holds no time: replays are stopped by the inbox, not here.
    """
    expected = hmac.new(app_secret.encode(), app_key.encode() + raw_body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), authorization.encode("utf-8", "replace"))
