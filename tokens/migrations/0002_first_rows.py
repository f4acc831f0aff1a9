"""The policy, and the portal's own API as a resource."""

from typing import Any

from django.db import migrations
from django.utils import timezone


def make_rows(apps: Any, _schema_editor: object) -> None:
    apps.get_model("tokens", "Policy").objects.get_or_create(pk=1)
    apps.get_model("tokens", "Resource").objects.get_or_create(
        name="tokens",
        defaults={
            "title": "Token Portal API",
            "description": "Your own access tokens, over this portal's API",
            "created_at": timezone.now(),
        },
    )


class Migration(migrations.Migration):
    dependencies = [("tokens", "0001_initial")]
    operations = [migrations.RunPython(make_rows, migrations.RunPython.noop)]
