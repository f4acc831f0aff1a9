"""The table of the database cache, so that nobody has to remember `createcachetable`."""

from typing import Any

from django.core.management import call_command
from django.db import migrations


def make_table(_apps: object, schema_editor: Any) -> None:
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunPython(make_table, migrations.RunPython.noop)]
