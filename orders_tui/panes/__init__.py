"""The parts a screen is put together from.

status_line   the line on top, and the banner of what is out of order
key_line      the line of keys at the bottom
filter_bar    what the table is narrowed to, the search field, the counts
search_bar    what a list is narrowed to, the phrase searched for, how many there are
failed_lines  failures as lines, and what is known of one
view_strip    the saved views on the keys 1 to 9 with their counts
line_list     a short list with a cursor
figure_list   one panel of figures
keyset_list   a list of any length with columns and a cursor, read page by page
detail        the pane of one order: why, then these sections
summary · items · packages · requests · workflow · timeline; timeline_kinds narrows it
"""
