"""Orders: how they come in, who may change them, what people see of them.

intake        facts from TikTok become orders, items, units, holds
inbox         every payload once, raw, sealed, until it is understood
shops         connected shops, their policies and tokens
status        who may change a status: one order or many
validation    everything wrong with an order's data at once; `problems` is one such thing
packages      what carriers and TikTok must know of a parcel, and what tracking says of it
notices       what a notice says and to whom
correction    a corrected address
views         the plain values people see
queries       pages, counts and searches over orders
detail        one order's pane, `timeline` its story, `why` the one sentence of why it has not moved
"""
