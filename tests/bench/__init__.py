"""Measurements, one line a figure: `NAME VALUE UNIT`. Run by `make bench`, never by the test suite.

__main__    runs all of them in one run, so that ratios mean something on a noisy machine
facts       the orders that are measured
lifecycle   engine.lifecycle: created → completed with in-process ports
filling     completed orders by the hundred thousand
bound       engine.bound: the same rows written by plain set-based SQL
bulk        bulk.10k_seconds: ten thousand reserved orders cancelled at once
processor   processor seconds of this program and of its PostgreSQL
recovery    recovery.seconds: kill -9 of a daemon under load, until what it held moves again
loop        loop.http: the whole job against the simulator
"""
