"""`manage.py countsecrets`: whether an older pepper may be taken out."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from tokens.domain.secret_rows import accepted
from tokens.models import TokenSecret


class Command(BaseCommand):
    help = "Say how many living secrets each pepper holds; one that holds none can be taken out."

    def handle(self, *_args: Any, **_options: Any) -> None:
        now = timezone.now()
        # Switched off is not dead: it may be switched on again.
        living = TokenSecret.objects.filter(accepted(now), token__revoked_at=None, token__expires_at__gt=now)
        for pepper in settings.TOKEN_PEPPERS:
            self.stdout.write(f"Pepper {pepper}: {living.filter(pepper=pepper).count()} living")
