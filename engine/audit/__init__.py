"""Who changed what: an insert-only log, hash-chained per subject so that an edit, a gap or a reorder shows.

Where to look
    chain   links and writes entries
"""
