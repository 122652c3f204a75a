"""E-mail: one attempt to hand a message to the server that SMTP_URL names."""

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
from typing import Any, cast
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
# A signed link is longer than a line of a header should be, and some readers cannot put folded ones together.
_WIRE = SMTP.clone(max_line_length=998)
_READY, _OK = 220, 250


class MailNotConfigured(Exception):
    """A setting without which no mail can be sent is missing, or says nothing that can be used."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in, and as whom. `starttls`: auto (where offered), always or never."""

    host: str
    port: int
    secure: bool
    starttls: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class MailText:
    """What is written to whom. `id` is the same at every attempt, and becomes the Message-ID."""

    id: str
    to: str
    subject: str
    text: str
    unsubscribe: str
    at: str


def parse_mail_server(url: str | None) -> MailServer:
    """The server of an SMTP_URL: `smtp://` or `smtps://user:password@host:port?starttls=always`. Raises Unset."""
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


def build_message(letter: MailText, settings: Settings) -> EmailMessage:
    """The letter as it goes out. Raises Unset where it has no sender."""
    message = EmailMessage(policy=SMTP)
    message.set_content(_plain_mail(letter.text), charset="utf-8", cte="quoted-printable")
    try:
        message["From"] = settings.mail_from or ""
    except ValueError as error:
        raise MailNotConfigured("MAIL_FROM is no mail address") from error
    if not _sender(message):
        raise MailNotConfigured("MAIL_FROM is not set, or is no mail address")
    message["To"] = Address(addr_spec=letter.to)
    message["Subject"] = " ".join(_plain_mail(letter.subject).split())
    message["Date"] = letter.at
    message["Message-ID"] = f"<{letter.id}@{_host(settings)}>"
    message["Auto-Submitted"] = "auto-generated"
    message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return message


def send_mail(letter: MailText, settings: Settings, tls: ssl.SSLContext) -> DeliveryResult:
    """One attempt, of `TOTAL_S` at most."""
    try:
        server, message = parse_mail_server(settings.smtp_url), build_message(letter, settings)
    except MailNotConfigured as error:
        return failed(str(error))
    name = _greeting(_host(settings))
    smtp: smtplib.SMTP = (
        smtplib.SMTP_SSL(timeout=MAIL_READ_S, context=tls, local_hostname=name)
        if server.secure
        else smtplib.SMTP(timeout=MAIL_READ_S, local_hostname=name)
    )
    # It checks the certificate's name against this, which only its own constructor would set, by connecting.
    smtp._host = server.host  # type: ignore[attr-defined]  # noqa: SLF001 - as said
    with TotalTimeout(cast("Any", smtp), MAIL_TOTAL_S) as patience:
        try:
            code, said = smtp.connect(server.host, server.port)
            if code != _READY:
                raise smtplib.SMTPConnectError(code, said)
            _log_in(smtp, server, tls)
            smtp.sendmail(_sender(message), [letter.to], message.as_bytes(policy=_WIRE))
        except smtplib.SMTPRecipientsRefused as error:
            return failed(f"SMTP {next(iter(error.recipients.values()))[0]}")
        except smtplib.SMTPResponseException as error:
            return failed(f"SMTP {error.smtp_code}")
        except smtplib.SMTPNotSupportedError:
            return failed("the mail server lacks what SMTP_URL asks for")
        except (OSError, smtplib.SMTPException) as error:
            return failed("timed out" if patience.ended or isinstance(error, TimeoutError) else "no mail server there")
        finally:
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            smtp.close()
    return delivered(f"SMTP {_OK}")


def _log_in(smtp: smtplib.SMTP, server: MailServer, tls: ssl.SSLContext) -> None:
    smtp.ehlo_or_helo_if_needed()
    wanted = server.starttls == "always" or (server.starttls == "auto" and smtp.has_extn("starttls"))
    if not server.secure and wanted:
        smtp.starttls(context=tls)
        smtp.ehlo()
    if server.user is not None:
        if not (server.secure or wanted or server.starttls == "never"):
            raise smtplib.SMTPNotSupportedError("a password is not sent in the clear unless starttls=never says so")
        smtp.login(server.user, server.password or "")


def _sender(message: EmailMessage) -> str:
    addresses = message["From"].addresses
    return str(addresses[0].addr_spec) if len(addresses) == 1 and addresses[0].domain else ""


def _host(settings: Settings) -> str:
    return urlsplit(settings.mail_url).hostname or "localhost"


def _greeting(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return f"[{address}]" if address.version == 4 else f"[IPv6:{address}]"  # noqa: PLR2004 - the version's own number


def _plain_mail(text: str) -> str:
    """Text without what a mail reader would obey: control characters, and marks that turn the direction of writing."""
    obeyed = {*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)} - {0x0A}
    return text.translate(dict.fromkeys(obeyed, " ")).encode("utf-8", "replace").decode()


_LONGEST_NAME = 100


def mail_text(service: Service, settings: Settings, to: Subscription, row: Mapping[str, Any]) -> MailText:
    """The letter of a message in the outbox, the same at every attempt."""
    made = datetime.fromisoformat(row["created_at"])
    message = msgspec.json.decode(row["body"])

    def link(purpose: signed_links.Purpose, id_: str, sent_to: str) -> str:
        return f"{settings.mail_url}/r/{signed_links.sign_link(service, purpose, id_, sent_to, made)}"

    address = to.target or ""
    unsubscribe = link("unsubscribe", to.id, address)
    with service.snapshot() as snapshot:
        if message["type"] == CONFIRMATION:
            subject = "Please confirm: reminders by mail"
            lines = list(_confirmation(snapshot, to, link("confirm", to.id, address)))
        elif row["reminder"] is not None:
            subject = _subject(snapshot, message["data"])
            lines = list(_reminder_text(snapshot, settings, message["data"], link("acknowledge", row["reminder"], "")))
        else:
            subject, lines = _notice_text(snapshot, settings, message)
        text = "\n".join(lines)
    footer = f"\n\nYou get this because this address asked for it. To get no more of it:\n{unsubscribe}\n"
    return MailText(row["id"], address, subject, text + footer, unsubscribe, format_datetime(made))


def _confirmation(snapshot: Snapshot, to: Subscription, link: str) -> Iterator[str]:
    places = [_name(snapshot, place) for place in sorted(to.jurisdictions)] + sorted(to.states)
    yield "Somebody asked the dispute timeline to write to this address about"
    yield "every place in its record." if to.everywhere else f"{', '.join(places)}."
    yield ""
    yield "If that was you, confirm it here within a week:"
    yield link
    yield ""
    yield "If it was not, do nothing: nothing more is sent to an address that did not confirm."


def _subject(snapshot: Snapshot, data: Mapping[str, Any]) -> str:
    who, due = _who(snapshot, data), data["deadlines"][0]["due"]
    lead = "Nobody has acknowledged: " if data.get("escalated") else ""
    return f"{lead}{who}: due {_when(data, due)}"


def _reminder_text(snapshot: Snapshot, settings: Settings, data: Mapping[str, Any], link: str) -> Iterator[str]:
    due = data["deadlines"][0]["due"]
    yield f"{_who(snapshot, data)} is to answer or comply by the end of {due}, local time ({_when(data, due)})."
    if data["offset"] > 0:
        yield "No answer is on record."
    if data["late"]:
        yield f"This reminder is late: it was planned for {data['planned_for']}."
    if data.get("escalated"):
        yield "It was sent to somebody else first, who has not acknowledged it."
    for deadline in data["deadlines"]:
        its = _entry(snapshot, deadline["demand"])
        yield ""
        if its is not None:
            yield f"- {its['summary']}"
            yield f"  Asked by: {_asker(its['actor'])}, {its['occurred']}"
        if deadline["words"]:
            yield f"  In these words: “{deadline['words']}”"
        yield f"  The entry and its sources: {settings.mail_url}/api/v1/entries/{deadline['demand']}"
    yield ""
    yield "If somebody is at it, say so here, and nobody else is asked:"
    yield link


def _notice_text(snapshot: Snapshot, settings: Settings, message: Mapping[str, Any]) -> tuple[str, list[str]]:
    data = message["data"]
    what = "On record" if message["type"] == "entry.recorded" else "Changed on record"
    its = _entry(snapshot, data["entry"])
    summary = data["entry"] if its is None else its["summary"]
    lines = [f"{what}: {summary}", "", f"{settings.mail_url}/api/v1/entries/{data['entry']}"]
    if data.get("reason"):
        lines.insert(1, f"Why: {data['reason']}")
    return f"{what}: {summary[:_LONGEST_NAME]}", lines


def _when(data: Mapping[str, Any], due: str) -> str:
    """The day due, and how far off it is; a late reminder says the day alone."""
    days = -data["offset"]
    if data["late"]:
        return due
    if days == 0:
        return f"today, {due}"
    if days > 0:
        return f"in {days} day{'s' if days > 1 else ''}, {due}"
    return f"since {due}"


def _who(snapshot: Snapshot, data: Mapping[str, Any]) -> str:
    return _name(snapshot, data["deadlines"][0]["addressee"])


def _name(snapshot: Snapshot, place: str) -> str:
    try:
        name: str = msgspec.json.decode(place_by_id(snapshot, "id", place)[0])["name"]
    except NotFound:
        return place
    return name[:_LONGEST_NAME]


def _entry(snapshot: Snapshot, id_: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = msgspec.json.decode(read_entry(snapshot, id_)[0])
    except NotFound:
        return None
    return found


def _asker(actor: Mapping[str, str]) -> str:
    said = ", ".join(actor[part] for part in ("name", "office") if part in actor)
    return said or {"federal": "a federal office"}.get(actor["party"], actor["party"])
