"""Who changed what: an insert-only log, hash-chained per subject so that an edit, a gap or a reorder shows.

Where to look
    chain      links and writes entries
    seals      the heads of all chains, sealed together every minute
    reading    as people read it: newest first, by person, action, subject, time
    verify     walks chains and seals; `findings` is what can be wrong with one chain
    words      its actions, as a sentence tells them
    retention  the one door through which old entries leave
"""
