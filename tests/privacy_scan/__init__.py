"""`make privacy-scan`: a shop of invented people is worked, then every trace it left is searched for them.

Where to look
    __main__   plays the shop and ends with one line
    needles    what must be found nowhere, and in which spellings
    places     what is searched
"""
