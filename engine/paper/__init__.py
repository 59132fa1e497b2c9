"""Paper in the warehouse: what is on it, where it is printed, what was printed. Nothing is drawn here.

Where to look
    stations    places of work, each with a printer for each kind of paper
    prints      what was printed, when, by whom and where to; whether it was printed before
    left_out    orders that get no paper, each with the reason
    pick_lists  what is fetched from which bin, for a wave or for chosen orders
    slips       what lies in a parcel, and whom it is for
    labels      the labels of many parcels, in the order in which the parcels stand
"""
