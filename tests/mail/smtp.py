"""A mail server of a few lines, which can be busy, unwilling or slow."""

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Event, Thread


class MailServer(ThreadingTCPServer):
    """Speaks enough SMTP for one client; what it answers to whom is set by the test."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.answers = {b"EHLO": b"250 here", b"MAIL": b"250 ok", b"RCPT": b"250 ok", b"BODY": b"250 ok"}
        self.received: list[EmailMessage] = []
        self.hangs_up_after_mail = False
        self.greeted = Event()
        self.goes_on = Event()
        self.goes_on.set()

    @property
    def port(self) -> int:
        """Return where it listens."""
        return int(self.server_address[1])


class _Conversation(StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say(b"220 here")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"QUIT":
                self._say(b"221 bye")
                return
            if verb == b"MAIL":
                self.server.greeted.set()
                self.server.goes_on.wait()
            if verb == b"DATA":
                self._take_mail()
                if self.server.hangs_up_after_mail:
                    return
            else:
                self._say(self.server.answers.get(verb, b"250 ok"))

    def _take_mail(self) -> None:
        self._say(b"354 go on")
        body = b""
        for line in self.rfile:
            if line == b".\r\n":
                break
            body += line
        answer = self.server.answers[b"BODY"]
        if answer.startswith(b"2"):
            self.server.received.append(message_from_bytes(body, policy=policy.default))
        self._say(answer)

    def _say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Run a mail server on a free port."""
    with MailServer() as server:
        Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        yield server
        server.goes_on.set()
        server.shutdown()
