"""Alice's token that ends on June 30, and what was mailed of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives

from tests.conftest import Deliver, MakeToken
from tokens.domain.expiry import flag_expiring
from tokens.models import AccessToken, Notification

DAY = timedelta(days=1)
END = datetime(2026, 6, 30, 12, tzinfo=UTC)
MADE = END - 90 * DAY


@pytest.fixture
def token(make_token: MakeToken) -> AccessToken:
    """One that ends at END; the notice of its making is done."""
    token, _ = make_token(name="ci-deploy", expires_at=END, now=MADE)
    Notification.objects.all().delete()
    return token


@pytest.fixture
def remind(deliver: Deliver) -> Deliver:
    """A run of the flagging job and then of the sender, at that moment."""

    def run(at: datetime) -> dict[str, int]:
        flag_expiring(now=at)
        return deliver(at)

    return run


def html_of(mail: Any) -> str:
    assert isinstance(mail, EmailMultiAlternatives)
    content, kind = mail.alternatives[0]
    assert kind == "text/html"
    return str(content)
