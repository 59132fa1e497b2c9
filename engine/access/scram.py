"""The verifier of a password (RFC 5802, RFC 7677): what PostgreSQL keeps, made here so that the password itself goes nowhere."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

from engine.errors import Refused

_ITERATIONS = 4096  # PostgreSQL's own
_SALT_BYTES = 16
SHORTEST = 12


def verifier(password: str) -> str:
    """Raises Refused for a password that is too short, or whose letters two systems could spell in two ways."""
    if len(password) < SHORTEST or not password.isascii() or not password.isprintable():
        raise Refused(
            "access.weak_password",
            f"A password has at least {SHORTEST} letters, digits and signs of ASCII: take another.",
        )
    salt = os.urandom(_SALT_BYTES)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    return f"SCRAM-SHA-256${_ITERATIONS}:{_text(salt)}${_text(stored)}:{_text(server)}"


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
