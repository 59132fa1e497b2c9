"""What may be set of privacy: how long personal data is kept, and how busy the errands for it may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, NonNegativeInt, PositiveFloat

from engine.privacy.terms import KEPT, KEY_GRACE_SECONDS, Policy
from orders_tui.settings_outside import Section

if TYPE_CHECKING:
    from sync.daemon_settings import PrivacyTimes


class PrivacySection(Section):
    """Unless `orders-tui privacy policy` says otherwise for everything, a creator or a shop. 0 days keeps it for ever."""

    orders_days: NonNegativeInt = KEPT.orders_days
    """After a closed order is so old its person is forgotten."""
    payloads_days: NonNegativeInt = KEPT.payloads_days
    """What came from outside and went there is kept so long as it was."""
    old_key_hours: Annotated[float, Field(ge=KEY_GRACE_SECONDS / 3600)] = KEY_GRACE_SECONDS / 3600
    """A retired data key is deleted no sooner; long enough for every program to have heard of the new one."""
    errand_share: Annotated[PositiveFloat, Field(le=1)] = 0.2
    """How much of its time a daemon's errand for privacy works; the rest it pauses."""

    def policy(self) -> Policy:
        return Policy(self.orders_days, self.payloads_days)

    def for_daemon(self) -> PrivacyTimes:
        from sync.daemon_settings import PrivacyTimes

        return PrivacyTimes(self.policy(), self.old_key_hours * 3600, self.errand_share)
