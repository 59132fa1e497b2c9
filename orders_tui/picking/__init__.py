"""The parts of the Pick and pack screen.

Where to look
    floor     picking: waves, one walk; `bench` is packing, `returning` goods to put back; `went` is how it went
    lists     the lists of waves, of a walk, of goods to put back, and the parcel in hand: what bears which keys
    lines     each of their lines as text
    verdict   the big line: what comes next, and what the last scan did, as long as it matters
    checking  a parcel's items checked one by one before it is packed
    paper     pick lists, labels by bin and slips with one key
    forms     a new wave, a picker, a short pick, goods put back, the station
"""
