"""Parcels: one order in several, several orders in one, and what comes back.

Where to look
    packages    what carriers and TikTok must know of a parcel, and what tracking says of it
    splitting   one order in several parcels; what is short put off until its stock is there
    combining   several orders in one parcel, and the way back; `sharing` says who is in one with whom
    arranging   what TikTok has to hear of parcels split and combined, where it has packages before they leave
    shrinking   what was made ready shrinks with units that are cancelled or shipped elsewhere
    handover    parcels handed to the carrier one by one
    voiding     a label given back, or bought again
    documents   labels and slips, kept and read again
    manifests   the parcels that go on one end-of-day form, and the form
    exporting   tracking numbers that leave in a file, and that the file was uploaded
    returns     what buyers send back and are refunded; `receiving` books it, good or damaged
    rows        a person's parcel, locked
"""
