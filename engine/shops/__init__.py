"""Connected shops, the authorisations (grants) they are reached with, and how their orders are worked.

One grant is one seller's authorisation of the app; it may cover several shops, each with a cipher of its own. Grants are locked before
shops, and shops before anything of their orders.

Where to look
    shops       connected, found, listed
    grants      both tokens of a grant, sealed and stored at once
    refreshing  who may refresh a grant's tokens: one at a time in the whole fleet, by a claim and never by a lock
    ending      a grant that was revoked or has run out, and the warnings before
    standing    a shop that stops for a while or for good, and goes on
    offline     shops without access to TikTok's API
    policies    how one shop's orders are worked
    views       what people see of all this
    secrets     sealed values read by a program that may be older than their key
"""
