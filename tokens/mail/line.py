"""The line to the mail server: opened when the first mail leaves, and again after trouble."""

from contextlib import suppress
from smtplib import SMTPRecipientsRefused, SMTPResponseException

from django.core.mail import EmailMultiAlternatives, get_connection

# In seconds, for each answer of the server: one that takes half a minute is waited for, since a mail
# that it took after we had hung up would come twice. A dozen answers stay within outbox.LEASE.
ANSWER_TIMEOUT = 60
# After so many mails in a row that the server broke off, the rest waits for the next sweep.
MOST_BROKEN = 3


class Line:
    def __init__(self) -> None:
        self._connection = get_connection(timeout=ANSWER_TIMEOUT)
        self._broken = 0

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_error: object) -> None:
        self._close()

    @property
    def is_usable(self) -> bool:
        return self._broken < MOST_BROKEN

    def send(self, message: EmailMultiAlternatives) -> None:
        """Raises whatever the server or the message gives cause for; when nobody answers, the line is done for."""
        try:
            self._connection.open()
        except Exception:
            self._broken = MOST_BROKEN
            raise
        try:
            self._connection.send_messages([message])
        except Exception as error:
            self._broken += 1 if _is_broken_off(error) else 0
            self._close()
            raise
        self._broken = 0

    def _close(self) -> None:
        with suppress(Exception):  # what broke it off may break the goodbye too
            self._connection.close()


def _is_broken_off(error: Exception) -> bool:
    """Not an answer that this mail was refused with, but none."""
    return isinstance(error, OSError) and not isinstance(error, SMTPResponseException | SMTPRecipientsRefused)
