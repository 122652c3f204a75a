"""E-mail: what a real SMTP server on loopback is handed, to whom, and what the links in it do."""

import asyncio
import re
import ssl
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope, Session

from application.reminders import mail, signed_links
from application.reminders.attempts import DeliveryResult
from application.reminders.mail import MailNotConfigured, MailText, build_message, parse_mail_server
from application.settings import Settings
from delivery_world import LOOPBACK, DeliveryWorld, delivery_world

ADDRESS = "attorney@example.org"


class Post:
    """A mail server that keeps what it gets; `refuses` is what it says instead."""

    def __init__(self) -> None:
        self.url = ""
        self.got: list[tuple[list[str], EmailMessage]] = []
        self.raw: list[bytes] = []
        self.refuses: str | None = None

    async def handle_DATA(self, _server: object, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - the library's
        if self.refuses:
            return self.refuses
        assert isinstance(envelope.content, bytes)
        self.raw.append(envelope.content)
        self.got.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"


class AnyPort(Controller):
    """Listens on any port that is free, and learns which before it looks whether it answers."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # the library has no types for it


@pytest.fixture
def post() -> Iterator[Post]:
    server = Post()
    controller = AnyPort(server, hostname="127.0.0.1", port=0)
    controller.start()
    server.url = f"smtp://127.0.0.1:{controller.port}"
    yield server
    controller.stop()


@pytest.fixture
def world(sqlite_url: str, post: Post) -> Iterator[DeliveryWorld]:
    with delivery_world(sqlite_url, LOOPBACK.model_copy(update={"smtp_url": post.url})) as world:
        yield world


def text_of(message: EmailMessage) -> str:
    body = message.get_body()
    assert body is not None
    text: str = body.get_content()
    return text


def link(message: EmailMessage, purpose: str) -> str:
    match = re.search(rf"https://timeline\.test(/r/{purpose}\.\S+)", text_of(message))
    assert match, text_of(message)
    return match[1]


def confirmed(world: DeliveryWorld, post: Post, **fields: object) -> dict[str, Any]:
    """A subscription whose address said yes."""
    made = world.subscribe(channel="email", address=ADDRESS, **fields)
    world.send()
    assert world.client.post(link(post.got[-1][1], "confirm")).status_code == 200
    return made


def test_nothing_is_sent_to_an_address_before_it_says_yes(world: DeliveryWorld, post: Post) -> None:
    world.timeline.clock.turn("2026-03-13T15:00:00+00:00")
    made = world.subscribe(channel="email", address=ADDRESS)
    world.send()
    world.come_due()
    world.send()
    ((to, asking),) = post.got
    assert to == [ADDRESS]
    assert "confirm" in asking["Subject"]
    page = world.client.get(link(asking, "confirm"))
    assert "<form method=" in page.text
    assert world.ask("GET", f"subscriptions/{made['id']}").json()["confirmed_at"] is None
    world.later(minutes=10)
    assert len(post.got) == 1
    assert ("failed", "the address is not confirmed") in world.attempts()
    world.client.post(link(asking, "confirm"))
    assert world.ask("GET", f"subscriptions/{made['id']}").json()["confirmed_at"] is not None
    world.later(seconds=1)
    assert len(post.got) == 2, "what waited for it is sent at once"
    assert world.reminders()[0]["state"] == "delivered"


def test_a_mail_says_what_is_due_who_asked_and_in_which_words(world: DeliveryWorld, post: Post) -> None:
    confirmed(world, post)
    world.come_due()
    world.send()
    to, message = post.got[-1]
    assert to == [ADDRESS]
    assert message["Subject"] == "Alameda: due in 7 days, 2026-03-20"
    assert message["From"] == "Timeline <reminders@timeline.test>"
    body = text_of(message)
    for words in (
        "Alameda is to answer or comply by the end of 2026-03-20",
        "“by 2026-03-20”",
        "A inquiry of 2026-02-20.",
        "Asked by: a federal office",
        "https://timeline.test/entries/a-letter",
    ):
        assert words in body
    assert message["Message-ID"].startswith("<msg_")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Unsubscribe"] == f"<https://timeline.test{link(message, 'unsubscribe')}>"
    (header,) = (line for line in post.raw[-1].split(b"\r\n") if line.startswith(b"List-Unsubscribe:"))
    assert b"/r/unsubscribe." in header, "on one line, as every reader understands it"
    assert max(map(len, post.raw[-1].split(b"\r\n"))) < 998


def test_a_repeat_is_the_same_mail_with_the_same_id(
    world: DeliveryWorld, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirmed(world, post)
    world.come_due()
    post.refuses = "451 later"
    world.send()
    assert world.attempts()[-1] == ("failed", "SMTP 451")
    post.refuses = None
    seen: list[MailText] = []
    real = mail.send_mail

    def looking(text: MailText, settings: Settings, tls: ssl.SSLContext) -> DeliveryResult:
        seen.append(text)
        return real(text, settings, tls)

    monkeypatch.setattr(mail, "send_mail", looking)
    world.later(seconds=5)
    assert seen[0].id == world.reminders()[0]["deliveries"][0]["message"]
    assert len({delivery["message"] for delivery in world.reminders()[0]["deliveries"]}) == 1


def test_a_scanner_that_looks_at_every_link_changes_nothing(world: DeliveryWorld, post: Post) -> None:
    made = confirmed(world, post)
    world.come_due()
    world.send()
    message = post.got[-1][1]
    for purpose in ("acknowledge", "unsubscribe"):
        for _ in range(2):
            page = world.client.get(link(message, purpose))
            assert page.status_code == 200
            assert world.client.head(link(message, purpose)).status_code == 200
            assert "default-src 'none'" in page.headers["content-security-policy"]
            assert "<script" not in page.text
            assert page.headers["referrer-policy"] == "no-referrer"
    assert world.reminders()[0]["acknowledged"] is None
    assert world.ask("GET", f"subscriptions/{made['id']}").json()["ended_at"] is None


def test_one_click_ends_a_subscription(world: DeliveryWorld, post: Post) -> None:
    made = confirmed(world, post, plan=[-7, -1])
    world.come_due()
    world.send()
    address = link(post.got[-1][1], "unsubscribe")
    for _ in range(2):  # as RFC 8058 has mail programs do it, and once more
        answer = world.client.post(address, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    shown = world.ask("GET", f"subscriptions/{made['id']}").json()
    assert shown["why_ended"] == "ended by a link in a mail"
    assert [reminder["state"] for reminder in world.reminders()] == ["delivered", "cancelled"]
    before = len(post.got)
    world.timeline.tick("2026-03-19T17:00:00+00:00")
    world.send()
    assert len(post.got) == before


def test_a_link_acknowledges_once_and_says_so_each_time(world: DeliveryWorld, post: Post) -> None:
    confirmed(world, post)
    world.come_due()
    world.send()
    address = link(post.got[-1][1], "acknowledge")
    for _ in range(2):
        assert "on record" in world.client.post(address).text
    assert world.reminders()[0]["state"] == "acknowledged"
    assert world.event_names() == ["ReminderDue", "ReminderDelivered", "ReminderAcknowledged"]


def test_a_link_is_good_for_what_it_says_and_no_longer(world: DeliveryWorld, post: Post) -> None:
    made = world.subscribe(channel="email", address=ADDRESS)
    world.send()
    address = link(post.got[-1][1], "confirm")
    purpose, id_, expires, signature = address.removeprefix("/r/").split(".")
    for forged in (
        f"unsubscribe.{id_}.{expires}.{signature}",
        f"{purpose}.{id_}.{int(expires) + 1}.{signature}",
        f"{purpose}.sub_{'0' * 32}.{expires}.{signature}",
        f"{purpose}.{id_}.{expires}.{signature[:-1]}A" if signature[-1] != "A" else "x",
        "nonsense",
        "%00",
    ):
        for method in ("GET", "POST"):
            assert world.client.request(method, f"/r/{forged}").status_code == 404
    world.ask("PATCH", f"subscriptions/{made['id']}", {"address": "another@example.org"})
    assert world.client.post(address).status_code == 404, "it was sent to another address"
    world.later(seconds=1)
    assert post.got[-1][0] == ["another@example.org"]
    world.ask("PATCH", f"subscriptions/{made['id']}", {"address": "another@example.org"})
    world.later(seconds=1)
    assert len(post.got) == 3, "given again, it is asked again"
    newer = link(post.got[-1][1], "confirm")
    world.later(days=8)
    assert world.client.post(newer).status_code == 404
    assert "has ended" in world.client.get(newer).text


def test_the_key_of_links_is_made_once(database_url: str) -> None:
    with delivery_world(database_url) as world:
        service, now = world.timeline.service, world.timeline.clock.at
        token = signed_links.sign_link(service, "acknowledge", "rem_12345678", "", now)
        assert token == signed_links.sign_link(service, "acknowledge", "rem_12345678", "", now)
        assert signed_links.link_action(service, token).title == "Acknowledge a reminder"


def test_words_of_the_record_cannot_become_headers(
    world: DeliveryWorld, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.legibility.is_on_record", lambda _: True)  # as recorded before such words were refused
    world.timeline.update("alameda", name="Alameda\r\nBcc: everyone@example.org\r\n\r\nHello")
    confirmed(world, post)
    world.timeline.demand(
        "a-letter", "2026-03-20", summary="Hm\r\n.\r\nMAIL FROM:<x@example.org>\x1b[2J\u202e and \ud7ff more"
    )
    world.timeline.tick("2026-03-13T16:00:30+00:00")
    world.send()
    to, message = post.got[-1]
    assert to == [ADDRESS]
    assert message["Bcc"] is None
    assert message["Subject"].startswith("Alameda Bcc: everyone@example.org Hello: due in 7 days")
    assert "\x1b" not in text_of(message)
    assert "\u202e" not in text_of(message)
    assert len(post.got) == 2


@pytest.mark.parametrize(
    "address",
    [
        "a@b\r\nBcc: c@example.org", "a@b,c@example.org", "A <a@example.org>", "a b@example.org", "@example.org", "a@",
        "a@-x.org", "a..b@example.org", ".a@example.org", "a@exa mple.org", "a@example..org", "é@example.org",
        "a" * 250 + "@example.org", "a@@example.org", "", '"a"@example.org', "a@[127.0.0.1]", 7, ["a@example.org"],
    ],
)  # fmt: skip
def test_what_is_no_plain_address_is_refused(world: DeliveryWorld, address: object) -> None:
    fields = {"all": True, "channel": "email", "address": address}
    answer = world.ask("POST", "subscriptions", fields)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["address"]


def test_a_mail_server_that_is_away_or_not_set_is_tried_again(sqlite_url: str) -> None:
    with delivery_world(sqlite_url, LOOPBACK.model_copy(update={"smtp_url": "smtp://127.0.0.1:1"})) as world:
        world.subscribe(channel="email", address=ADDRESS)
        world.send()
        world.settings = LOOPBACK
        world.later(seconds=5)
        assert world.attempts() == [("failed", "no mail server there"), ("failed", "SMTP_URL is not set")]
        assert len(world.waiting()) == 1


def test_an_smtp_url_says_host_port_user_and_how_it_is_kept_secret() -> None:
    server = parse_mail_server("smtps://me%40example.org:p%2Fw@mail.example.org")
    assert (server.host, server.port, server.secure) == ("mail.example.org", 465, True)
    assert (server.user, server.password) == ("me@example.org", "p/w")
    assert "p/w" not in repr(server)
    plain = parse_mail_server("smtp://mail.example.org:587?starttls=always")
    assert (plain.port, plain.secure, plain.starttls) == (587, False, "always")
    for bad in (
        None,
        "mail.example.org",
        "http://mail.example.org",
        "smtp://",
        "smtp://x?starttls=maybe",
        "smtp://x:y",
    ):
        with pytest.raises(MailNotConfigured):
            parse_mail_server(bad)


def test_a_password_is_not_sent_in_the_clear(world: DeliveryWorld, post: Post) -> None:
    world.settings = world.settings.model_copy(update={"smtp_url": post.url.replace("://", "://me:secret@")})
    world.subscribe(channel="email", address=ADDRESS)
    world.send()
    assert world.attempts() == [("failed", "the mail server lacks what SMTP_URL asks for")]
    assert post.got == []


@pytest.mark.parametrize("sender", [None, "", "nobody", "a@b.org, c@d.org", "a@b.org\r\nBcc: x@y.org"])
def test_a_sender_that_is_none_is_told(sender: str | None) -> None:
    text = MailText("msg_1", ADDRESS, "Hello", "Hello", "https://timeline.test/r/x", "Sun, 01 Mar 2026 17:00:00 +0000")
    with pytest.raises(MailNotConfigured):
        build_message(text, LOOPBACK.model_copy(update={"mail_from": sender}))
