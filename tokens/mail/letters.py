"""A letter: what the mails of the portal have in common."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.unsubscribe import unsubscribe_key
from tokens.models import Notification

# What mail programs make a link of, and an invisible sign after which they don't.
_LOOKS_LIKE_A_LINK = re.compile(r"://|www\.|@|[\w-]\.[^\W\d_]{2}")
_WHERE_IT_BREAKS = re.compile(r"(?<=[:/.@])(?=[\w/])|(?<=\w)(?=[:/.@])")
WORD_JOINER = "\u2060"


def unlinked(text: str) -> str:
    """What somebody wrote, a stranger or a thief even, as text that stays one in a mail that people trust."""
    return _WHERE_IT_BREAKS.sub(WORD_JOINER, text) if _LOOKS_LIKE_A_LINK.search(text) else text


@dataclass(frozen=True, slots=True)
class Letter:
    """`template` is rendered as `email/<template>.txt` and `.html`; `told` are the rows that it tells of.

    `choices` are the columns of User that turn such mails off.
    """

    template: str
    subject: str
    told: list[Notification]
    context: Mapping[str, Any]
    choices: list[str] = field(default_factory=list)


def page(name: str, *arguments: object) -> str:
    """The whole address of a page."""
    return f"{settings.BASE_URL}{reverse(name, args=arguments)}"


def message_of(letter: Letter, user: User, address: str) -> EmailMultiAlternatives:
    """The letter as a mail; its times are in the current zone."""
    off = page("accounts:unsubscribe", unsubscribe_key(user, letter.choices)) if letter.choices else ""
    context = _common(user, off) | dict(letter.context)
    text, html = (render_to_string(f"email/{letter.template}.{form}", context) for form in ("txt", "html"))
    subject = " ".join(letter.subject.split())
    message = EmailMultiAlternatives(subject, text, to=[address], headers=_headers(letter.told, off))
    message.attach_alternative(html, "text/html")
    return message


def _common(user: User, off: str) -> dict[str, Any]:
    return {
        "site_name": settings.SITE_NAME,
        "base_url": settings.BASE_URL,
        "profile_url": page("accounts:profile"),
        "unsubscribe_url": off,
        "name": user.name,
        "zone": timezone.get_current_timezone_name(),
    }


def message_id(told: Iterable[Notification]) -> str:
    """The same each time that it is tried: where a mail comes twice, programs may show it once."""
    keys = " ".join(sorted(row.dedupe_key for row in told))
    host = urlsplit(settings.BASE_URL).hostname
    return f"<{hashlib.sha256(keys.encode()).hexdigest()[:40]}@{host}>"


def _headers(told: Iterable[Notification], off: str) -> dict[str, str]:
    headers = {
        "Auto-Submitted": "auto-generated",  # RFC 3834: no answer by machines, please
        "Message-ID": message_id(told),
    }
    if off:
        headers["List-Unsubscribe"] = f"<{off}>"
        if off.startswith("https:"):  # RFC 8058 asks for it
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers
