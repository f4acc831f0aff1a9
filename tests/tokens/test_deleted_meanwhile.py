"""A token that is deleted after its row was read, and before its secrets are."""

from typing import Any

import pytest
from django.db import connection

from accounts.actor import COMMAND
from accounts.models import User
from tests.conftest import ClientOf, MakeToken
from tokens.domain.lifecycle import delete_token
from tokens.models import AccessToken


class DeletesInBetween:
    """Goes around every statement, as `connection.execute_wrapper` wants it."""

    def __init__(self, token: AccessToken) -> None:
        self.token, self.is_done = token, False

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not self.is_done and sql.startswith("SELECT") and 'FROM "tokens_tokensecret"' in sql:
            self.is_done = True
            delete_token(self.token, by=COMMAND, now=self.token.created_at)
        return execute(sql, params, many, context)


@pytest.fixture
def goes(make_token: MakeToken) -> AccessToken:
    return make_token(name="goes")[0]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/settings/tokens/", 200),
        ("/settings/tokens/selected/?act=delete&selected={pk}", 200),
        ("/settings/tokens/{pk}/regenerate/", 404),
        ("/admin/tokens/", 200),
        ("/admin/tokens/revoke/?token={pk}", 200),
    ],
)
def test_page_goes_without_it(goes: AccessToken, client_of: ClientOf, path: str, status: int) -> None:
    User.objects.update(is_staff=True, is_superuser=True)
    client = client_of(User.objects.get())
    with connection.execute_wrapper(wrapper := DeletesInBetween(goes)):
        answer = client.get(path.format(pk=goes.pk))
    assert wrapper.is_done
    assert answer.status_code == status


def test_api_lists_the_others(goes: AccessToken, make_token: MakeToken, client_of: ClientOf, alice: User) -> None:
    _, secret = make_token(name="stays")
    with connection.execute_wrapper(wrapper := DeletesInBetween(goes)):
        answer = client_of(alice).get("/api/v1/tokens", headers={"authorization": f"Bearer {secret}"})
    assert wrapper.is_done
    assert answer.status_code == 200
