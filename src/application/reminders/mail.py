"""E-mail: the text of a message, and one attempt to hand it to the server that SMTP_URL names."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from application.reminders import signed_links
from application.reminders.attempts import DeliveryResult, TotalTimeout, delivered, failed
from application.reminders.subscription import Subscription
from application.reminders.subscriptions import CONFIRMATION
from application.service import Service
from application.settings import Settings
from domain.errors import NotFound
from projections.places import place_by_id
from projections.snapshot import Snapshot
from projections.timeline import read_entry

MAIL_READ_S = 10.0
MAIL_TOTAL_S = 30.0
# A List-Unsubscribe header is longer than the usual 78 characters, and some mail programs cannot read it folded.
_UNFOLDED = SMTP.clone(max_line_length=998)
_READY, _ACCEPTED = 220, 250


class MailNotConfigured(Exception):
    """A setting without which no mail can be sent is missing or invalid."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server of SMTP_URL. `starttls`: auto (where offered), always or never."""

    host: str
    port: int
    secure: bool
    starttls: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class MailText:
    """A mail before it is encoded. `id` is the same at every attempt, and becomes the Message-ID."""

    id: str
    to: str
    subject: str
    text: str
    unsubscribe: str
    at: str


def parse_mail_server(url: str | None) -> MailServer:
    """Parse an SMTP_URL: `smtp://` or `smtps://user:password@host:port?starttls=always`. Raises MailNotConfigured."""
    if url is None:
        raise MailNotConfigured("SMTP_URL is not set")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise MailNotConfigured("SMTP_URL is no address") from error
    starttls = parse_qs(parts.query).get("starttls", ["auto"])[-1]
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or starttls not in ("auto", "always", "never"):
        raise MailNotConfigured("SMTP_URL is no address such as smtps://user:password@mail.example.org")
    secure = parts.scheme == "smtps"
    user = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    return MailServer(parts.hostname, port or (465 if secure else 25), secure, starttls, user, password)


def why_no_mail(settings: Settings) -> str | None:
    """Which setting is missing or invalid, so that no mail can be sent; None where mail can be tried."""
    try:
        parse_mail_server(settings.smtp_url)
        _from_sender(settings)
    except MailNotConfigured as error:
        return str(error)
    return None


def _from_sender(settings: Settings) -> EmailMessage:
    """An empty message from MAIL_FROM. Raises MailNotConfigured where that is no sender."""
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = settings.mail_from or ""
    except ValueError as error:
        raise MailNotConfigured("MAIL_FROM is no mail address") from error
    if not _sender(message):
        raise MailNotConfigured("MAIL_FROM is not set, or is no mail address")
    return message


def build_message(mail: MailText, settings: Settings) -> EmailMessage:
    """The mail as it is sent. Raises MailNotConfigured where MAIL_FROM is no sender."""
    message = _from_sender(settings)
    message.set_content(_plain_mail(mail.text), charset="utf-8", cte="quoted-printable")
    message["To"] = Address(addr_spec=mail.to)
    message["Subject"] = " ".join(_plain_mail(mail.subject).split())
    message["Date"] = mail.at
    message["Message-ID"] = f"<{mail.id}@{_host(settings)}>"
    message["Auto-Submitted"] = "auto-generated"
    message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return message


def send_mail(mail: MailText, settings: Settings, tls: ssl.SSLContext) -> DeliveryResult:
    """Try once, within `MAIL_TOTAL_S`."""
    try:
        server, message = parse_mail_server(settings.smtp_url), build_message(mail, settings)
    except MailNotConfigured as error:
        return failed(str(error))
    name = _ehlo_name(_host(settings))
    smtp: smtplib.SMTP = (
        smtplib.SMTP_SSL(timeout=MAIL_READ_S, context=tls, local_hostname=name)
        if server.secure
        else smtplib.SMTP(timeout=MAIL_READ_S, local_hostname=name)
    )
    # smtplib checks the certificate against `_host`, which its constructor sets only if it also connects.
    smtp._host = server.host  # type: ignore[attr-defined]  # noqa: SLF001 - no public way to set it
    with TotalTimeout(smtp, MAIL_TOTAL_S) as timeout:
        try:
            code, message_text = smtp.connect(server.host, server.port)
            if code != _READY:
                raise smtplib.SMTPConnectError(code, message_text)
            _log_in(smtp, server, tls)
            smtp.sendmail(_sender(message), [mail.to], message.as_bytes(policy=_UNFOLDED))
        except smtplib.SMTPRecipientsRefused as error:
            return failed(f"SMTP {next(iter(error.recipients.values()))[0]}")
        except smtplib.SMTPResponseException as error:
            return failed(f"SMTP {error.smtp_code}")
        except smtplib.SMTPNotSupportedError:
            return failed("the mail server lacks what SMTP_URL asks for")
        except (OSError, smtplib.SMTPException) as error:
            return failed("timed out" if timeout.expired or isinstance(error, TimeoutError) else "no mail server there")
        finally:
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            smtp.close()
    return delivered(f"SMTP {_ACCEPTED}")


def _log_in(smtp: smtplib.SMTP, server: MailServer, tls: ssl.SSLContext) -> None:
    smtp.ehlo_or_helo_if_needed()
    upgrade = server.starttls == "always" or (server.starttls == "auto" and smtp.has_extn("starttls"))
    if not server.secure and upgrade:
        smtp.starttls(context=tls)
        smtp.ehlo()
    if server.user is not None:
        if not (server.secure or upgrade or server.starttls == "never"):
            raise smtplib.SMTPNotSupportedError("a password is not sent in the clear unless starttls=never says so")
        smtp.login(server.user, server.password or "")


def _sender(message: EmailMessage) -> str:
    addresses = message["From"].addresses
    return str(addresses[0].addr_spec) if len(addresses) == 1 and addresses[0].domain else ""


def _host(settings: Settings) -> str:
    return urlsplit(settings.mail_url).hostname or "localhost"


def _ehlo_name(host: str) -> str:
    """The name to greet the server with: a host name, or an address in the form that SMTP has for it."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return f"[{address}]" if address.version == 4 else f"[IPv6:{address}]"  # noqa: PLR2004 - the version's own number


def _plain_mail(text: str) -> str:
    """Text without control characters (but line breaks) and without marks that change the direction of writing."""
    removed = {*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)} - {0x0A}
    return text.translate(dict.fromkeys(removed, " ")).encode("utf-8", "replace").decode()


_LONGEST_NAME = 100


def mail_text(service: Service, settings: Settings, subscription: Subscription, message: Mapping[str, Any]) -> MailText:
    """The mail of a message in the outbox, with the same id, date and links at every attempt."""
    created_at = datetime.fromisoformat(message["created_at"])
    body = msgspec.json.decode(message["body"])
    data = body["data"]

    def link(purpose: signed_links.Purpose, id_: str, sent_to: str) -> str:
        return f"{settings.mail_url}/r/{signed_links.sign_link(service, purpose, id_, sent_to, created_at)}"

    address = subscription.target or ""
    unsubscribe = link("unsubscribe", subscription.id, address)
    with service.snapshot() as snapshot:
        if body["type"] == CONFIRMATION:
            subject = "Please confirm: reminders by mail"
            lines = list(_confirmation(snapshot, subscription, link("confirm", subscription.id, address)))
        elif message["reminder"] is not None:
            prefix = "Nobody has acknowledged: " if data.get("escalated") else ""
            subject = f"{prefix}{_addressee(snapshot, data)}: due {_when(data)}"
            acknowledge = link("acknowledge", message["reminder"], "")
            lines = list(_reminder_text(snapshot, settings, data, acknowledge))
        else:
            subject, lines = _notice_text(snapshot, settings, body)
        text = "\n".join(lines)
    footer = f"\n\nYou get this because this address asked for it. To get no more of it:\n{unsubscribe}\n"
    return MailText(message["id"], address, subject, text + footer, unsubscribe, format_datetime(created_at))


def _confirmation(snapshot: Snapshot, subscription: Subscription, link: str) -> Iterator[str]:
    places = [_name(snapshot, place) for place in sorted(subscription.jurisdictions)] + sorted(subscription.states)
    yield "Somebody asked the dispute timeline to write to this address about"
    yield "every place in its record." if subscription.everywhere else f"{', '.join(places)}."
    yield ""
    yield "If that was you, confirm it here within a week:"
    yield link
    yield ""
    yield "If it was not, do nothing: nothing more is sent to an address that did not confirm."


def _reminder_text(snapshot: Snapshot, settings: Settings, data: Mapping[str, Any], link: str) -> Iterator[str]:
    due = data["deadlines"][0]["due"]
    yield f"{_addressee(snapshot, data)} is to answer or comply by the end of {due}, local time ({_when(data)})."
    if data["offset"] > 0:
        yield "No answer is on record."
    if data["late"]:
        yield f"This reminder is late: it was planned for {data['planned_for']}."
    if data.get("escalated"):
        yield "It was sent to somebody else first, who has not acknowledged it."
    for deadline in data["deadlines"]:
        demand = _entry(snapshot, deadline["demand"])
        yield ""
        if demand is not None:
            yield f"- {demand['summary']}"
            yield f"  Asked by: {_actor(demand['actor'])}, {demand['occurred']}"
        if deadline["words"]:
            yield f"  In these words: “{deadline['words']}”"
        yield f"  The entry and its sources: {settings.mail_url}/entries/{deadline['demand']}"
    yield ""
    yield "If somebody is at it, say so here, and nobody else is asked:"
    yield link


def _notice_text(snapshot: Snapshot, settings: Settings, body: Mapping[str, Any]) -> tuple[str, list[str]]:
    data = body["data"]
    lead = "On record" if body["type"] == "entry.recorded" else "Changed on record"
    entry = _entry(snapshot, data["entry"])
    summary = data["entry"] if entry is None else entry["summary"]
    lines = [f"{lead}: {summary}", "", f"{settings.mail_url}/entries/{data['entry']}"]
    if data.get("reason"):
        lines.insert(1, f"Why: {data['reason']}")
    return f"{lead}: {summary[:_LONGEST_NAME]}", lines


def _when(data: Mapping[str, Any]) -> str:
    """The day due and how far off it is; of a late reminder the day alone, since the distance is no longer true."""
    due: str = data["deadlines"][0]["due"]
    days = -data["offset"]
    if data["late"]:
        return due
    if days == 0:
        return f"today, {due}"
    if days > 0:
        return f"in {days} day{'s' if days > 1 else ''}, {due}"
    return f"since {due}"


def _addressee(snapshot: Snapshot, data: Mapping[str, Any]) -> str:
    return _name(snapshot, data["deadlines"][0]["addressee"])


def _name(snapshot: Snapshot, place: str) -> str:
    try:
        name: str = msgspec.json.decode(place_by_id(snapshot, "id", place)[0])["name"]
    except NotFound:
        return place
    return name[:_LONGEST_NAME]


def _entry(snapshot: Snapshot, id_: str) -> dict[str, Any] | None:
    try:
        entry: dict[str, Any] = msgspec.json.decode(read_entry(snapshot, id_)[0])
    except NotFound:
        return None
    return entry


def _actor(actor: Mapping[str, str]) -> str:
    named = ", ".join(actor[part] for part in ("name", "office") if part in actor)
    return named or {"federal": "a federal office"}.get(actor["party"], actor["party"])
