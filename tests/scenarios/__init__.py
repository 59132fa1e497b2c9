"""The whole program against a whole world: `make scenarios`, and what of it is quick enough for the suite.

test_whole_job.py       a burst of orders in an unreliable world, through the demo
test_checker.py         the checker itself
checker.py              book against book, order by order
stage.py                a database, a simulated outside, daemons as processes
plays.py                what a scenario is
week_offline.py, viral_hour.py, expiring_token.py, carrier_loses_reply.py, tiktok_down.py,
bad_webhooks.py, masked_addresses.py, revoked_grant.py, changed_minds.py         one scenario each
"""
