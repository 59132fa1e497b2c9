"""The request signature, computed from what was received: decoded query, path, exact body bytes."""

import hmac
from collections.abc import Iterable

UNSIGNED_KEYS = ("sign", "access_token")


def signature(app_secret: str, path: str, query: Iterable[tuple[str, str]], media_type: str, body: bytes) -> str:
    """Return the lower-case hexadecimal signature a request must carry.

    `query` is decoded; `media_type` is the content type, with or without parameters; a multipart body is not signed.
    """
    secret = app_secret.encode()
    signed_query = "".join(key + value for key, value in sorted(query) if key not in UNSIGNED_KEYS)
    signed_body = b"" if media_type.partition(";")[0].strip().lower() == "multipart/form-data" else body
    text = secret + path.encode() + signed_query.encode() + signed_body + secret
    return hmac.digest(secret, text, "sha256").hex()
