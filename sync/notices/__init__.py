"""Notices: what is written to customers, creators, the warehouse and support.

Where to look
    templates     the words, as plain-text files, and how they are filled in
    letter        one rendered notice as a mail message with a stable id
    folder        delivery to a Maildir on this machine
    smtp          delivery by mail server
    deliveries    the effect "send a notice"
"""
