"""Conditions that an index of the column can answer, on either database."""

from types import SimpleNamespace

import pytest
from django.db.models import Q

from tokens.admin.search import starts_with


def test_starts_with_on_sqlite_is_a_range(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokens.admin.search.connection", SimpleNamespace(vendor="sqlite"))
    assert starts_with("name_key", "ci") == Q(name_key__gte="ci", name_key__lt="ci\U0010ffff")


def test_starts_with_on_postgresql_is_its_like(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokens.admin.search.connection", SimpleNamespace(vendor="postgresql"))
    assert starts_with("name_key", "ci") == Q(name_key__startswith="ci")
