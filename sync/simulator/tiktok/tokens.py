"""The book of tokens of one grant: its authorization codes, its token pairs."""

from dataclasses import dataclass

from sync.simulator.credentials import digest
from sync.simulator.journal import Entry

REFRESH_SECONDS = 365 * 86_400


@dataclass(slots=True)
class TokenPair:
    """An access token with its refresh token; expiry in unix seconds; `seen` once either was used."""

    generation: int
    access_token: str
    refresh_token: str
    access_expires_at: float
    refresh_expires_at: float
    seen: bool = False


class Tokens:
    """All token pairs, the last being the current one.

    A code and a refresh token are good for one successor. Asked again before that successor was ever used, they give
    the same successor, so a client that lost the reply is not locked out; afterwards they are refused.
    """

    def __init__(self, seed: int, token_seconds: float, started_at: float, grant: int = 0) -> None:
        self.pairs: list[TokenPair] = []
        self._seed = seed
        self._grant: tuple[int, ...] = (grant,) if grant else ()
        self._valid_from = 0
        self._ends_at: float | None = None
        self._token_seconds = token_seconds
        self._codes: dict[str, int] = {}
        self._add(started_at)

    @property
    def current(self) -> TokenPair:
        """The newest pair."""
        return self.pairs[-1]

    @property
    def _valid(self) -> list[TokenPair]:
        return self.pairs[self._valid_from :]

    @property
    def auth_code(self) -> str:
        """The authorization code that can be exchanged now."""
        return "SIMAUTH_" + digest(self._seed, "code", len(self.pairs), *self._grant)[:32]

    def of_access(self, token: str) -> TokenPair | None:
        """Return the pair with this access token."""
        return next((pair for pair in reversed(self._valid) if pair.access_token == token), None)

    def knows(self, code_or_refresh_token: str) -> bool:
        """Say whether this code or refresh token was ever given out here."""
        return (
            code_or_refresh_token == self.auth_code
            or code_or_refresh_token in self._codes
            or any(pair.refresh_token == code_or_refresh_token for pair in self.pairs)
        )

    def is_void(self, refresh_token: str) -> bool:
        """Say whether the seller has taken back what this refresh token belonged to."""
        generation = self.generation_of_refresh(refresh_token)
        return generation is not None and generation < self._valid_from

    def successor(self, code_or_refresh_token: str) -> TokenPair | None:
        """Return the pair already given out for a code or refresh token and never used since."""
        generation = self._codes.get(code_or_refresh_token)
        if generation is None or self.pairs[generation].seen:
            return None
        return self.pairs[generation]

    def may_issue_for(self, code_or_refresh_token: str, now: float) -> bool:
        """Say whether a code or refresh token is good for a new pair."""
        if code_or_refresh_token in self._codes:
            return False
        if code_or_refresh_token == self.auth_code:
            return True
        return any(
            pair.refresh_token == code_or_refresh_token and now < pair.refresh_expires_at for pair in self._valid
        )

    def apply_issued(self, entry: Entry) -> TokenPair:
        """Give out a new pair for a code or refresh token."""
        if "predecessor" in entry and entry["predecessor"] is not None:
            self.pairs[entry["predecessor"]].seen = True
        self._codes[entry["spent"]] = len(self.pairs)
        return self._add(entry["at"])

    def apply_used(self, entry: Entry) -> None:
        """Note that the pair's tokens have reached the client."""
        self.pairs[entry["generation"]].seen = True

    def apply_expired(self, entry: Entry) -> None:
        """Let the newest access token be good no more, whatever was said of its life."""
        self.current.access_expires_at = min(self.current.access_expires_at, entry["at"])

    def void(self) -> None:
        """Let every pair that was given out so far be good for nothing."""
        self._valid_from = len(self.pairs)

    def end_at(self, at: float) -> None:
        """Let the grant itself end then, whatever was said before."""
        self._ends_at = at
        for pair in self.pairs:
            pair.refresh_expires_at = at

    def generation_of_refresh(self, refresh_token: str) -> int | None:
        """Return which pair a refresh token belongs to."""
        return next((pair.generation for pair in self.pairs if pair.refresh_token == refresh_token), None)

    def _add(self, at: float) -> TokenPair:
        generation = len(self.pairs)
        pair = TokenPair(
            generation,
            "SIMA_" + digest(self._seed, "access", generation, *self._grant)[:48],
            "SIMR_" + digest(self._seed, "refresh", generation, *self._grant)[:48],
            access_expires_at=at + self._token_seconds,
            refresh_expires_at=at + REFRESH_SECONDS if self._ends_at is None else self._ends_at,
        )
        self.pairs.append(pair)
        return pair
