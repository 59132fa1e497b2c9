"""A filter as a person types it: `status:failed shop:"Harbor Lane" !tag:gift amount:>50 ship-by:<24h free words`.

What is not a known word stays text to search for. Lengths of time count from the database's clock when the question is
asked; days begin at midnight of the zone and the clock of whoever reads.

Where to look
    words      the known words as data: what each takes, an example, what it narrows
    tokens     a text cut into its words, with quotes
    reading    text → filter, and one sentence for each mistake
    writing    filter → text that reads as the same filter
    moments    lengths, days and moments; `numbers` are amounts and priorities
    names      what shops, people and tags are called here, for hints and for mistakes
    hints      what a half-typed word may become
"""
