"""`manage.py sendnotifications`: the sender's sweep, by hand or from cron."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from tokens.domain.outbox import waiting
from tokens.mail.sending import send_notifications


class Command(BaseCommand):
    help = "Send the mails that wait; what can't be sent is tried again later, for three days."

    def handle(self, *_args: Any, **_options: Any) -> None:
        counts = send_notifications(clock=timezone.now).counts
        self.stdout.write(f"Mails sent: {counts.get('mails', 0)}; notices that wait: {waiting().count()}.")
        if not settings.CAN_MAIL:
            self.stderr.write("No mail can be sent: set EMAIL_URL.")
