"""Paper drawn and handed over: pick lists, packing slips, sheets of labels. What is on it comes from `engine.paper`.

Where to look
    drawing       from what is on the paper to files, in a thread: the way in
    text          the same content as lines for a screen
    pick_list     a pick list as pages
    packing_slip  packing slips as pages
    label_sheet   the labels of many parcels as one document
    canvas        pages of text, boxes, barcodes: the one module that knows reportlab
    merging       pages of other documents put together: the one module that knows pypdf
    typefaces     which font draws which characters, and what none can draw
    scripts       right-to-left text in the order in which it is drawn, Arabic letters in their joined shapes
    layouts       page sizes, margins, columns: a file that staff may change, checked when it is read
    outcome       where paper goes, and what came of it in words
    printers      handing files to the print command, or keeping them in a folder
"""
