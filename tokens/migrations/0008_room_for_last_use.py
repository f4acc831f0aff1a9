"""On PostgreSQL: room in each page, so that a row whose last use is written stays in its page.

An update that fits there touches none of the table's indexes. It holds for rows that are written from now on.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLES = ("tokens_accesstoken", "tokens_tokensecret")


def leave_room(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    _each(editor, "SET (fillfactor = 70)")


def leave_none(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    _each(editor, "RESET (fillfactor)")


def _each(editor: BaseDatabaseSchemaEditor, change: str) -> None:
    if editor.connection.vendor == "postgresql":
        for table in TABLES:
            editor.execute(f"ALTER TABLE {table} {change}")


class Migration(migrations.Migration):
    dependencies = [("tokens", "0007_cleanup_indexes")]
    operations = [migrations.RunPython(leave_room, leave_none)]
