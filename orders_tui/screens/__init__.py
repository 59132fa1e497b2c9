"""The console's screens. Screens start workers and ask the services; widgets do neither.

console_screen   what all share: line on top, banner, line of keys, refresh, errors
list_screen      what screens around one short list share
keyset_screen    what screens around a list of any length share
choosing_screen  on which orders are chosen, and what is done to them
place_doing      locations and stations changed
paper_doing      paper of chosen orders, returns received, calendars
triage           the piles that need a person; opens first
orders           the live table with everything that narrows and sorts it; over `order_list` (the table and the pane of one
                 order) and `views_screen` (saved views)
failed           what stopped, by cause; retry and mend
pick             waves, a walk, parcels in hand, goods to put back
overview         what moves, what stands still
parts_screen     a screen of several parts: Activity, Settings
activity         what was done, by whom, with which command
inventory        what lies where, and booking it; `movements` is one product's story, `counting` one sheet
settings         what is in force, colours, keys, notices, places, checks
rules            rules in their order: switched, moved, written, tried; `rule_runs` is what one did
help             every key
"""
