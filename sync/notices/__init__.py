"""Notices: what is written to customers, creators, the warehouse and support.

Where to look
    values           what each notice may say
    templates        the words, as text and HTML files, and how they are filled in
    letter           one rendered notice as a mail message with a stable id
    folder           delivery to a Maildir on this machine
    smtp             delivery by mail server
    apprise_channel  delivery to chat rooms, phones and hooks
    buyer_messages   delivery to customers as messages in TikTok Shop
    deliveries       the effect "send a notice": straight to its address, or handed over to targets
    post_office      all of it as one process keeps it
    sending          what was handed over, target by target
    bounces          what mail servers send back, read from a folder
    trial            addresses and targets tried out
"""
