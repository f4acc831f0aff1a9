"""What the settings make of a database."""

import pytest
from django.db import connection


@pytest.mark.postgres
@pytest.mark.django_db
def test_two_statements_in_one_as_migrations_send_them_are_executed() -> None:
    with connection.cursor() as cursor:
        # What Django sends before it alters a foreign key.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE tokens_refusalminute DROP CONSTRAINT IF EXISTS x")


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_query_is_prepared_from_its_second_time_on() -> None:
    def prepared() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'once more'")
            cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT ''once more'''")
            [count] = cursor.fetchone()
        return int(count)

    assert [prepared(), prepared()] == [0, 1]
