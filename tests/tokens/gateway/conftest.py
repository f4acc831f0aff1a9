"""How programs call what stands here for OAuth clients."""

from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

import pytest

from accounts.models import User
from tests.conftest import MakeToken, ServiceClient

if TYPE_CHECKING:
    from tests.conftest import Response

FORM = "application/x-www-form-urlencoded"
Introspect = Callable[..., "Response"]


class PostForm(Protocol):
    def __call__(
        self, path: str, fields: Any = ..., *, authorization: str = ..., address: str = ..., content_type: str = ...
    ) -> "Response": ...


@pytest.fixture
def post_form(db: None, service_client: ServiceClient) -> PostForm:
    """POST a form; `fields` are a dict, pairs, or the body itself."""

    def post(
        path: str, fields: Any = (), *, authorization: str = "", address: str = "127.0.0.1", content_type: str = FORM
    ) -> "Response":
        body = fields if isinstance(fields, bytes) else urlencode(fields)
        headers = {"authorization": authorization} if authorization else {}
        client = service_client(REMOTE_ADDR=address, enforce_csrf_checks=True)
        return client.post(path, body, content_type, headers=headers)

    return post


@pytest.fixture
def introspector(make_token: MakeToken) -> str:
    """The secret of a service's own token."""
    service = User.objects.create(email="", name="service", is_service=True)
    return make_token(owner=service, scopes=["introspect"], may_introspect=True)[1]


@pytest.fixture
def introspect(post_form: PostForm, introspector: str) -> Introspect:
    """A service with the right to asks."""

    def ask(token: str, **fields: str) -> "Response":
        return post_form("/oauth/introspect", {"token": token, **fields}, authorization=f"Bearer {introspector}")

    return ask


def basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()
