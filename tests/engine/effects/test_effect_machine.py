"""The ledger of effects against a plain model: a key is done once for ever, and only the last claim's token writes."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.database.embedded import EmbeddedServer
from engine.effects import ledger
from engine.effects.kinds import BUDGETS
from engine.fleet import daemons
from engine.identifiers import DaemonId, EffectId, new_id
from engine.ports.outcomes import Claim, Done, Failed, NoticeSent, Outcome, Postponed, Unsure
from engine.words import Dependency, EffectKind
from engine.workflow.plan import NewEffect
from tests.engine.house import House
from tests.engine.machines import Loop, play

MOST_ATTEMPTS = BUDGETS[EffectKind.NOTICE].max_attempts

OUTCOMES: dict[str, Outcome] = {
    "done": Done(NoticeSent("letter-1")),
    "failed": Failed("refused", "Nobody lives there."),
    "unsure": Unsure("timeout", "No answer came.", "letter-1"),
    "postponed": Postponed("busy", "Later.", 0.0, burns_attempt=False),
    "tried": Postponed("broken", "Again.", 0.0),
}


@dataclass(slots=True)
class Expected:
    """What the ledger should say of one effect."""

    state: str = "intent"
    attempt: int = 0
    token: int | None = None
    holder: DaemonId | None = None
    expired: bool = False
    done_by: int | None = None

    @property
    def open(self) -> bool:
        return self.state in {"intent", "sent", "ambiguous"}


class EffectMachine(RuleBasedStateMachine):
    """Two daemons, a few effects, tokens that are right and tokens that are late."""

    def __init__(self, loop: Loop) -> None:
        super().__init__()
        self.loop = loop
        self.house: House = loop.house()
        self.expected: dict[EffectId, Expected] = {}
        self.keys: dict[str, EffectId] = {}
        self.claims: list[Claim] = []
        self.dead: set[DaemonId] = set()
        self.daemons: list[DaemonId] = []

    @initialize()
    def two_daemons(self) -> None:
        async def register() -> list[DaemonId]:
            found = [self.house.daemon_id, await daemons.register(self.house.store, "test")]
            await self.house.store.pool.execute("UPDATE daemons SET beat_at = 'infinity'")
            return found

        self.daemons = self.loop.do(register())

    @rule(number=st.integers(0, 4))
    def intends(self, number: int) -> None:
        key, effect_id = f"notice:{number}", EffectId(new_id())
        effect = NewEffect(
            effect_id, key, EffectKind.NOTICE, Dependency.NOTICES, None, self.house.shop_id, None, 0, 0.0, "", {}
        )
        self.loop.do(self.house.store.run(lambda connection: ledger.intend(connection, [effect])))
        if key not in self.keys:
            self.keys[key] = effect_id
            self.expected[effect_id] = Expected()

    @rule(who=st.integers(0, 1), limit=st.integers(1, 3))
    def claims_some(self, who: int, limit: int) -> None:
        daemon_id = self.daemons[who]
        free = {
            effect_id
            for effect_id, known in self.expected.items()
            if known.open and (known.token is None or known.expired or known.holder in self.dead)
        }
        claimed = self.loop.do(self.house.claim(EffectKind.NOTICE, limit=limit, daemon_id=daemon_id))
        assert {claim.effect_id for claim in claimed} <= free
        assert len(claimed) == min(limit, len(free))
        for claim in claimed:
            known = self.expected[claim.effect_id]
            known.state = "ambiguous" if known.state == "sent" else known.state
            known.attempt, known.token, known.holder, known.expired = known.attempt + 1, claim.token, daemon_id, False
            assert (claim.attempt, claim.ambiguous) == (known.attempt, known.state == "ambiguous")
        self.claims += claimed

    @precondition(lambda self: self.claims)
    @rule(place=st.integers(0, 20))
    def checkpoints(self, place: int) -> None:
        claim = self.claims[place % len(self.claims)]
        known = self.expected[claim.effect_id]
        passed = self.loop.do(self.house.checkpoint(claim, "letter-1"))
        assert passed == (known.open and known.token == claim.token)
        if passed:
            known.state = "sent"
            # The first time is progress: the call to come has all its tries.
            known.attempt = self.loop.do(self._attempt(claim.effect_id))
            assert known.attempt in {1, claim.attempt}

    @precondition(lambda self: self.claims)
    @rule(place=st.integers(0, 20), how=st.sampled_from(sorted(OUTCOMES)))
    def settles(self, place: int, how: str) -> None:
        claim = self.claims[place % len(self.claims)]
        known = self.expected[claim.effect_id]
        won = self.loop.do(self.house.settle(claim, OUTCOMES[how]))
        assert won == (known.open and known.token == claim.token), "a late worker wrote, or the right one could not"
        if not won:
            return
        tries_over = claim.attempt >= MOST_ATTEMPTS
        match how:
            case "done":
                assert known.done_by is None
                known.state, known.done_by = "done", claim.token
            case "failed":
                known.state = "failed"
            case "unsure":
                known.state = "failed" if tries_over else "ambiguous"
            case "tried":
                known.state = "failed" if tries_over else self._untouched(claim)
            case _:
                known.state = self._untouched(claim)
                known.attempt -= 1
        known.token, known.expired = None, False
        if known.open:
            self.loop.do(self._now(claim.effect_id))

    def _untouched(self, claim: Claim) -> str:
        return "ambiguous" if claim.ambiguous else "intent"

    @rule()
    def leases_end(self) -> None:
        self.loop.do(
            self.house.store.pool.execute(
                "UPDATE effects SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL"
            )
        )
        for known in self.expected.values():
            known.expired = known.token is not None

    @rule(who=st.integers(0, 1), alive=st.booleans())
    def heart(self, who: int, alive: bool) -> None:
        """A daemon's heart stops, or it is woken and beats again."""
        query = "UPDATE daemons SET beat_at = CASE WHEN $2 THEN 'infinity' ELSE now() - interval '1 minute' END WHERE id = $1"
        self.loop.do(self.house.store.pool.execute(query, self.daemons[who], alive))
        (self.dead.discard if alive else self.dead.add)(self.daemons[who])

    async def _attempt(self, effect_id: EffectId) -> int:
        return int(await self.house.store.pool.fetchval("SELECT attempt FROM effects WHERE id = $1", effect_id))

    async def _now(self, effect_id: EffectId) -> None:
        await self.house.store.pool.execute("UPDATE effects SET due_at = now() WHERE id = $1", effect_id)

    @invariant()
    def the_ledger_says_what_happened(self) -> None:
        query = "SELECT id, state, attempt, lease_token FROM effects"
        rows = self.loop.do(self.house.store.pool.fetch(query))
        found = {EffectId(row["id"]): (row["state"], row["attempt"], row["lease_token"]) for row in rows}
        assert found == {id_: (known.state, known.attempt, known.token) for id_, known in self.expected.items()}


def test_the_ledger_is_its_model_whatever_happens(shared: EmbeddedServer) -> None:
    play(shared, EffectMachine, examples=15, steps=30)
