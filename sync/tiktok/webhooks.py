"""TikTok's webhooks."""

from __future__ import annotations

WEBHOOK = "webhook"
"""The kind of a payload that is a webhook of TikTok's."""
