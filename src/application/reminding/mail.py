"""E-mail: one attempt to hand a message to the server that SMTP_URL names."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from ipaddress import ip_address
from typing import cast
from urllib.parse import parse_qs, unquote, urlsplit

from application.reminding.attempts import Attempt, delivered, failed
from application.reminding.patience import Connected, Patience
from application.settings import Settings

READ_S = 10.0
TOTAL_S = 30.0
# A signed link is longer than a line of a header should be, and some readers cannot put folded ones together.
_WIRE = SMTP.clone(max_line_length=998)
_READY, _OK = 220, 250


class Unset(Exception):
    """A setting without which no mail can be sent is missing, or says nothing that can be used."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed in, and as whom. `starttls`: auto (where offered), always or never."""

    host: str
    port: int
    secure: bool
    starttls: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """What is written to whom. `id` is the same at every attempt, and becomes the Message-ID."""

    id: str
    to: str
    subject: str
    text: str
    unsubscribe: str
    at: str


def server_of(url: str | None) -> Server:
    """The server of an SMTP_URL: `smtp://` or `smtps://user:password@host:port?starttls=always`. Raises Unset."""
    if url is None:
        raise Unset("SMTP_URL is not set")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Unset("SMTP_URL is no address") from error
    starttls = parse_qs(parts.query).get("starttls", ["auto"])[-1]
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or starttls not in ("auto", "always", "never"):
        raise Unset("SMTP_URL is no address such as smtps://user:password@mail.example.org")
    secure = parts.scheme == "smtps"
    user = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    return Server(parts.hostname, port or (465 if secure else 25), secure, starttls, user, password)


def written(letter: Letter, settings: Settings) -> EmailMessage:
    """The letter as it goes out. Raises Unset where it has no sender."""
    message = EmailMessage(policy=SMTP)
    message.set_content(_plain(letter.text), charset="utf-8", cte="quoted-printable")
    try:
        message["From"] = settings.mail_from or ""
    except ValueError as error:
        raise Unset("MAIL_FROM is no mail address") from error
    if not _sender(message):
        raise Unset("MAIL_FROM is not set, or is no mail address")
    message["To"] = Address(addr_spec=letter.to)
    message["Subject"] = " ".join(_plain(letter.subject).split())
    message["Date"] = letter.at
    message["Message-ID"] = f"<{letter.id}@{_host(settings)}>"
    message["Auto-Submitted"] = "auto-generated"
    message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return message


def send(letter: Letter, settings: Settings, tls: ssl.SSLContext) -> Attempt:
    """One attempt, of `TOTAL_S` at most."""
    try:
        server, message = server_of(settings.smtp_url), written(letter, settings)
    except Unset as error:
        return failed(str(error))
    name = _greeting(_host(settings))
    smtp: smtplib.SMTP = (
        smtplib.SMTP_SSL(timeout=READ_S, context=tls, local_hostname=name)
        if server.secure
        else smtplib.SMTP(timeout=READ_S, local_hostname=name)
    )
    # It checks the certificate's name against this, which only its own constructor would set, by connecting.
    smtp._host = server.host  # type: ignore[attr-defined]  # noqa: SLF001 - as said
    with Patience(cast("Connected", smtp), TOTAL_S) as patience:
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


def _log_in(smtp: smtplib.SMTP, server: Server, tls: ssl.SSLContext) -> None:
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


def _plain(text: str) -> str:
    """Text without what a mail reader would obey: control characters, and marks that turn the direction of writing."""
    obeyed = {*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)} - {0x0A}
    return text.translate(dict.fromkeys(obeyed, " ")).encode("utf-8", "replace").decode()
