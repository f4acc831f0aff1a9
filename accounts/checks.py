"""What `manage.py check --deploy` says of the settings, beside Django's own."""

from typing import Any

from django.conf import settings
from django.core import checks


@checks.register(deploy=True)
def check_mail(**_: Any) -> list[checks.CheckMessage]:
    """Without a mail server nobody can confirm an address, and nobody is warned of an end."""
    if settings.CAN_MAIL:
        return []
    hint = "Set EMAIL_URL. Until then nothing is mailed, notices wait, and nobody can sign up or reset a password."
    return [checks.Warning("This portal can't send mail.", hint=hint, id="accounts.W001")]
