"""A mail server that keeps what it takes, and can be slow, hang, refuse, break off, or be down."""

import asyncio
import email
import email.policy
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.system.processes import free_port

logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells each line


@dataclass(frozen=True)
class Mail:
    to: str
    message_id: str
    subject: str
    body: str


@dataclass
class MailServer:
    """Addresses in `refused`, `hanging`, `breaking` and `slow` are treated so. `pause` and `slow` are seconds."""

    port: int = field(default_factory=free_port)
    pause: float = 0.0
    refused: set[str] = field(default_factory=set)
    hanging: set[str] = field(default_factory=set)
    breaking: set[str] = field(default_factory=set)
    slow: dict[str, float] = field(default_factory=dict)
    received: list[Mail] = field(default_factory=list)
    _lines: set[asyncio.Transport] = field(default_factory=set)
    _controller: Controller | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def up(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def down(self) -> None:
        """Nobody listens any more, and whoever is connected is thrown out."""
        if self._controller is None:
            return
        gone = threading.Event()
        self._controller.loop.call_soon_threadsafe(self._hang_up, gone)
        gone.wait()
        self._controller.stop()
        self._controller = None

    def _hang_up(self, gone: threading.Event) -> None:
        for line in self._lines:
            line.abort()
        self._lines.clear()
        gone.set()

    # --- As aiosmtpd calls them ---------------------------------------------------------------

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        if isinstance(server.transport, asyncio.Transport):
            self._lines.add(server.transport)
        return responses

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 no such user"
        if address in self.hanging:
            await asyncio.sleep(3600)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        to = envelope.rcpt_tos[0]
        if to in self.breaking:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            return "421 never sent"
        await asyncio.sleep(self.pause + self.slow.get(to, 0))
        assert isinstance(envelope.content, bytes)
        self.received.append(_read(to, envelope.content))
        return "250 OK"


def _read(to: str, content: bytes) -> Mail:
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    text = message.get_body(("plain",))
    return Mail(to, message["Message-ID"], message["Subject"], text.get_content() if text else "")


@contextmanager
def mail_server(*, pause: float = 0.0) -> Iterator[MailServer]:
    server = MailServer(pause=pause)
    server.up()
    try:
        yield server
    finally:
        server.down()
