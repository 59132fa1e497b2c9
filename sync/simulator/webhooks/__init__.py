"""What the simulated services send by themselves: TikTok's and EasyPost's webhooks.

registrations.py   who asked to be told of what, and where
happenings.py      what TikTok tells, in its own envelopes
carrier_events.py  what EasyPost tells, in its own envelopes
signing.py         both signatures over the raw bytes
outbox.py          what is still to be sent, and what is lost, doubled, reordered, delayed or forged on purpose
announcer.py       turns what changes in the world into messages for those who asked
sender.py          the task that lets the world's clock run and sends
tiktok_calls.py    registration at TikTok, shop by shop
easypost_calls.py  registration at EasyPost
admin_calls.py     registration and announcements behind the services' backs

Registrations are journalled; what is on its way is not: a simulator that was killed forgets it, as an outage does.
"""
