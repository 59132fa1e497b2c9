"""The orders table.

order_table   the widget: draws the lines on screen, owns cursor and marks
page_cache    rows by number over pages by key
sources       where the rows come from: a filter, or the marked orders
columns       what is shown, how wide, what gives way; `order_columns` are those of this table
places        a row's number or a percentage as people name it
selection     marks by order id
"""
