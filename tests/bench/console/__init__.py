"""The console at a million orders: one line a figure with its limit and a verdict. Run by `make bench-console`, never by the test suite.

__main__    runs them in one run and ends with 1 when a limit was missed
figures     the line of a figure
warehouse   a database of any size, made once and kept
terminal    a driver that encodes and counts, keys and frames that are timed
starting    console.start_ms: a real program on a pseudo-terminal
reads       console.query_p95_ms: every read that a screen waits for
keys        console.key…, page, bytes, idle; Textual's own table beside them
load        the engine at work in another process
live        console.live_p95_ms: committed → painted
slow_line   console.slow_link_key_ms: a line of 50 kB/s
memory      console.rss_growth_mib: a thousand rows against a million
"""
