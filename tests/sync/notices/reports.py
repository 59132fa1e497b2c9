"""Delivery reports as mail servers write them (RFC 3464)."""

from __future__ import annotations

from uuid import UUID

_REPORT = """\
From: MAILER-DAEMON@mx.example
To: orders@harbor-lane.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Mon, 2 Mar 2026 12:00:00 +0000

Final-Recipient: rfc822; ann@relay.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {said}

--b1
Content-Type: {kind}

Message-ID: <{message_id}@harbor-lane.example>
From: orders@harbor-lane.example
Subject: Your order 577 is on its way
{body}
--b1--
"""


def report(message_id: UUID, said: str, *, action: str = "failed", status: str = "", whole: bool = False) -> str:
    """A report on the letter of this id; `whole` brings the letter along, not its headers alone."""
    return _REPORT.format(
        message_id=message_id,
        action=action,
        status=status or next((word for word in said.split() if word.count(".") == 2), "5.0.0"),
        said=said,
        kind="message/rfc822" if whole else "text/rfc822-headers",
        body="\nHello,\n" if whole else "",
    )
