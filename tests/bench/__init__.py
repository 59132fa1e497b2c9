"""Measurements, one line a figure: `NAME VALUE UNIT`, and what was wanted. Run by `make bench`, never by the test suite.

__main__    runs all of them in one run, so that ratios mean something on a noisy machine
report      the line of a figure
facts       the orders that are measured
lifecycle   engine.lifecycle: created → completed with in-process ports
bound       engine.bound: the same rows written by plain set-based SQL
bulk        bulk.10k_seconds: ten thousand reserved orders cancelled at once
scale       engine.lifecycle_at_10k, _100k and _1m: on top of that many completed orders
filling     orders by the hundred thousand
latency     ingest.p95_ms and status.p95_ms: one order at a time, at the largest size
api         api.read_p95_ms, api.write_p95_ms, api.max_rate: run by `make bench-api`; `api_load` is the load, in its own process
processor   processor seconds of this program and of its PostgreSQL
recovery    recovery.seconds: kill -9 of a daemon under load, until what it held moves again
loop        loop.http: the whole job against the simulator
outward     sync.out_p95_ms: decided here, known at TikTok
"""
