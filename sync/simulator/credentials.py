"""The fictional keys of a seed: the same seed always has the same ones."""

from dataclasses import dataclass
from hashlib import sha256


def digest(*parts: object) -> str:
    """Return 64 hexadecimal digits that depend on every part."""
    return sha256("/".join(map(str, parts)).encode()).hexdigest()


def digits(length: int, *parts: object) -> str:
    """Return a string of decimal digits that depends on every part."""
    return f"{int(digest(*parts), 16) % 10**length:0{length}d}"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client needs to talk to both services; none of it opens anything real."""

    app_key: str
    app_secret: str
    service_id: str
    shop_id: str
    shop_code: str
    shop_name: str
    shop_cipher: str
    easypost_api_key: str
    inventory_api_key: str

    @classmethod
    def of_seed(cls, seed: int) -> "Credentials":
        """Derive every key from the seed."""
        return cls(
            app_key="6" + digest(seed, "app_key")[:11],
            app_secret=digest(seed, "app_secret")[:40],
            service_id="7" + digits(18, seed, "service"),
            shop_id="7495" + digits(15, seed, "shop"),
            shop_code="USLC" + digest(seed, "shop_code")[:6].upper(),
            shop_name="Harbor Lane Goods",
            shop_cipher="SIM_" + digest(seed, "cipher")[:24],
            easypost_api_key="SIMK" + digest(seed, "easypost")[:50],
            inventory_api_key="SIMI" + digest(seed, "inventory")[:40],
        )
