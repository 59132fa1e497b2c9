"""The targets of one notice, each with its moment. No targets: it goes to the one address that it has, at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.identifiers import ShopId, UserId
from engine.notices.directory import Directory, Target
from engine.notices.habits import URGENT, gathering_seconds
from engine.ports.requests import NoticeRoute
from engine.words import Audience, NoticeChannel


@dataclass(frozen=True, slots=True)
class Subject:
    """What routing must know of a notice; `creator` owns the order, if it is about one."""

    template: str
    audience: Audience
    creator: UserId | None
    shop_id: ShopId | None


def routes_of(directory: Directory, subject: Subject, now: datetime) -> tuple[NoticeRoute, ...]:
    """Where it goes; empty when it simply goes to its own address."""
    targets = [target for target in directory.usable(subject.audience) if _serves(target, subject)]
    if targets:
        return tuple(_route(directory, subject, target, now) for target in targets)
    if subject.audience is not Audience.CREATOR or subject.creator is None:
        return ()
    choice = directory.choice(subject.creator, subject.template, NoticeChannel.EMAIL)
    if not choice.enabled:
        return (NoticeRoute(None, "", NoticeChannel.EMAIL, 0.0, None, "Its creator wants no such notice by email."),)
    held = _held_until(directory, subject, subject.creator, NoticeChannel.EMAIL, now)
    return (NoticeRoute(None, "", NoticeChannel.EMAIL, 0.0, held, ""),) if held else ()


def _serves(target: Target, subject: Subject) -> bool:
    if target.audience is Audience.CREATOR and target.user_id != subject.creator:
        return False
    return target.shop_id is None or target.shop_id == subject.shop_id


def _route(directory: Directory, subject: Subject, target: Target, now: datetime) -> NoticeRoute:
    left_out = ""
    if target.templates and subject.template not in target.templates:
        left_out = f"{target.label} is for other notices."
    elif not directory.choice(target.user_id, subject.template, target.channel).enabled:
        left_out = f"The person behind {target.label} wants no such notice there."
    return NoticeRoute(
        target.target_id,
        target.label,
        target.channel,
        gathering_seconds(subject.template, subject.audience),
        _held_until(directory, subject, target.user_id, target.channel, now),
        left_out,
    )


def _held_until(
    directory: Directory, subject: Subject, person: UserId | None, channel: NoticeChannel, now: datetime
) -> datetime | None:
    quiet = directory.choice(person, subject.template, channel).quiet_hours
    return quiet.over_at(now) if quiet is not None and subject.template not in URGENT else None
