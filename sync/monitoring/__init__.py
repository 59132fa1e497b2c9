"""How this process is doing, for whoever watches it: what it counts, and how a scrape reads it.

Where to look
    counts      plain counters and histograms, written where the work is done
    counted     which work is counted: calls, effects, batches, webhooks, requests
    watch       the database's figures as this process last read them
    vitals      disks, clock and loop of this daemon's machine
    exposition  the counts and the database's figures in Prometheus's words
    traces      spans, where somebody wants them; `otlp` sends them
    settings    who may look, and how often the database is asked
"""
