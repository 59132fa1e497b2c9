"""The signatures of both services, computed over the exact bytes that are sent."""

import hmac
import unicodedata


def tiktok_signature(app_key: str, app_secret: str, body: bytes) -> str:
    """Return TikTok's `Authorization`: lower-case hex over app key and raw body."""
    return hmac.digest(app_secret.encode(), app_key.encode() + body, "sha256").hex()


def easypost_signature(secret: str, body: bytes) -> str:
    """Return EasyPost's `X-Hmac-Signature`, version 1, keyed with the NFKD form of the secret."""
    key = unicodedata.normalize("NFKD", secret).encode()
    return f"hmac-sha256-hex={hmac.digest(key, body, 'sha256').hex()}"
