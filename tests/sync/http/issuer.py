"""An issuer of tokens as Supabase Auth is one: keys of its own, served as JWKS, and tokens signed with them."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

ISSUER = "https://abcd.supabase.invalid/auth/v1"
SECRET = "an invented secret of more than thirty-two bytes"

Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def new_key(kind: str = "ES256") -> Private:
    if kind == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def described(key: Private, name: str, **more: str) -> dict[str, Any]:
    """The public half as a JWK."""
    numbers = key.public_key().public_numbers()
    if isinstance(numbers, ec.EllipticCurvePublicNumbers):
        shape = {"kty": "EC", "crv": "P-256", "alg": "ES256", "x": _number(numbers.x, 32), "y": _number(numbers.y, 32)}
    else:
        shape = {"kty": "RSA", "alg": "RS256", "n": _number(numbers.n, 256), "e": _number(numbers.e, 3)}
    return shape | {"kid": name, "use": "sig"} | more


def _number(value: int, length: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes(length, "big")).rstrip(b"=").decode()


def claims(subject: str = "5f0c2b1e-0000-4000-8000-000000000001", **changed: Any) -> dict[str, Any]:
    """What a signed-in user's token says; None takes a claim away."""
    now = int(time.time())
    told = {
        "iss": ISSUER,
        "aud": "authenticated",
        "sub": subject,
        "role": "authenticated",
        "exp": now + 3600,
        "iat": now,
        "aal": "aal1",
        "session_id": "9a7d0000-0000-4000-8000-000000000002",
        "is_anonymous": False,
        "email": "ops@example.test",
        "app_metadata": {"roles": ["admin"]},
        "user_metadata": {"role": "admin"},
    } | changed
    return {name: value for name, value in told.items() if value is not None}


def signed(said: Mapping[str, Any], key: Any, name: str | None = "one", *, algorithm: str = "ES256") -> str:
    return jwt.encode(dict(said), key, algorithm, {"kid": name} if name is not None else None)


def by_hand(header: Mapping[str, Any], said: Mapping[str, Any], signature: bytes = b"") -> str:
    """A token no library would write."""
    parts = (json.dumps(header).encode(), json.dumps(said).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def public_pem(key: Private) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
