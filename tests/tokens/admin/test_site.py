"""Who gets into the console, and what every page of it has in common."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from accounts.audit import AuditEvent
from accounts.models import User
from tests.conftest import ClientOf, MakeToken, MakeUser
from tests.tokens.admin.conftest import Console
from tests.tokens.conftest import NOBODYS_SECRET
from tokens.admin import site
from tokens.models import AccessToken, Resource, TokenSecret

READ = ["index", "tokens", "token", "token_revoke", "people", "person", "resources", "policy", "audit", "audit_event"]
READ += ["notifications"]
ACT = ["person_deactivate", "person_reactivate", "resource_register", "resource_edit", "resource_retire"]
LISTS = ["tokens", "people", "resources", "notifications", "audit"]

Address = Callable[[str], str]


@pytest.fixture
def address(make_token: MakeToken, resources: list[str]) -> Address:
    """The address of a page of the console, with rows to show on it."""
    token, _ = make_token()
    ids = {
        "token": token.pk,
        "person": token.owner_id,
        "resource": Resource.objects.get(name="deployments").pk,
        "audit": AuditEvent.objects.latest("pk").pk,
    }

    def find(view: str) -> str:
        pk = ids.get(view.partition("_")[0])
        needs_id = view in ("token", "person", "audit_event") or view.startswith(
            ("person_", "resource_e", "resource_ret")
        )
        return reverse(f"admin:{view}", args=[pk] if needs_id else [])

    return find


@pytest.mark.parametrize("view", [*READ, *ACT])
def test_console_page_for_administrator_is_shown(view: str, address: Address, console: Console) -> None:
    answer = console.client.get(address(view))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert b"style=" not in answer.content


@pytest.mark.parametrize("view", [*READ, *ACT])
def test_console_page_for_anonymous_leads_to_sign_in(view: str, address: Address, client: Client) -> None:
    for answer in (client.get(address(view)), client.post(address(view))):
        assert answer.status_code == 302
        assert answer["Location"].startswith(f"{reverse('account_login')}?next=/admin/")


def test_console_search_for_a_secret_by_anonymous_leads_to_sign_in_without_it(client: Client, db: None) -> None:
    answer = client.get(reverse("admin:tokens"), {"q": NOBODYS_SECRET})
    assert answer["Location"] == f"{reverse('account_login')}?next=/admin/tokens/"


@pytest.mark.parametrize("view", [*READ, *ACT])
def test_console_page_for_owner_is_forbidden(view: str, address: Address, client_of: ClientOf, alice: User) -> None:
    client = client_of(alice)
    assert client.get(address(view)).status_code == 403
    assert client.post(address(view)).status_code == 403


def test_console_page_for_staff_without_rights_is_forbidden(make_user: MakeUser, client_of: ClientOf) -> None:
    answer = client_of(make_user(is_staff=True)).get(reverse("admin:index"))
    assert answer.status_code == 403


def test_console_page_for_deactivated_administrator_leads_to_sign_in(console: Console, now: datetime) -> None:
    User.objects.filter(pk=console.user.pk).update(deactivated_at=now)
    assert console.get("index").status_code == 302


def test_console_sign_in_has_no_form_of_its_own(console: Console, client: Client) -> None:
    assert console.get("login")["Location"] == reverse("admin:index")
    assert client.get(reverse("admin:login"))["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("view", [*ACT, "policy", "token_revoke"])
def test_console_post_without_csrf_token_is_refused(view: str, address: Address, console: Console) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = console.client.cookies
    events = AuditEvent.objects.count()
    assert strict.post(address(view)).status_code == 403
    assert AuditEvent.objects.count() == events


@pytest.mark.parametrize("view", LISTS)
def test_console_list_takes_no_post(view: str, console: Console) -> None:
    assert console.post(view, action="delete_selected").status_code == 405


def test_console_has_these_pages_and_no_others() -> None:
    """Those of django.contrib.admin would edit, delete and set passwords past the domain."""
    patterns = next(entry for entry in get_resolver().url_patterns if getattr(entry, "namespace", "") == "admin")
    names = {entry.name for entry in patterns.url_patterns if isinstance(entry, URLPattern)}  # type: ignore[union-attr]
    assert names == {*READ, *ACT, "login", "notification_retry"}


def test_console_lets_nobody_add_change_or_delete_by_djangos_forms(console: Console) -> None:
    request = console.get("index").wsgi_request
    for model in (AccessToken, User, Resource, AuditEvent):
        lists = site.console.get_model_admin(model)
        may = [lists.has_add_permission, lists.has_change_permission, lists.has_delete_permission]
        assert [allowed(request) for allowed in may] == [False, False, False]


def test_console_has_no_list_of_secrets() -> None:
    assert not site.console.is_registered(TokenSecret)


@pytest.mark.parametrize("path", ["tokens/1/change/", "tokens/1/delete/", "people/1/password/", "password_change/"])
def test_console_forms_of_django_are_not_found(path: str, console: Console) -> None:
    assert console.client.get(f"/admin/{path}").status_code == 404


@pytest.mark.parametrize("view", ["token", "person", "audit_event", "resource_edit", "resource_retire"])
@pytest.mark.parametrize("pk", [999, 10**30])
def test_console_page_of_nothing_is_not_found(view: str, pk: int, console: Console) -> None:
    assert console.get(view, pk).status_code == 404


@pytest.mark.parametrize("view", READ)
def test_console_page_shows_neither_secret_nor_digest_nor_password(
    view: str, address: Address, make_token: MakeToken, console: Console, alice: User
) -> None:
    _, secret = make_token(name="another")
    text = console.client.get(address(view)).content.decode()
    for digest in TokenSecret.objects.values_list("digest", flat=True):
        assert bytes(digest).hex() not in text
    assert secret not in text
    assert secret[8:20] not in text
    assert alice.password not in text
    assert "argon2" not in text


@pytest.mark.parametrize("view", LISTS)
@pytest.mark.parametrize("name", ["q", "state", "owner", "any"])
def test_console_list_asked_for_a_secret_echoes_it_nowhere(view: str, name: str, console: Console) -> None:
    answer = console.client.get(reverse(f"admin:{view}"), {name: f"is it {NOBODYS_SECRET}?", "p": "2"}, follow=True)
    assert answer.redirect_chain == [(reverse(f"admin:{view}"), 302)]
    text = answer.content.decode()
    assert NOBODYS_SECRET not in text
    assert "This is a secret. Revoke it if anyone saw it." in text


@pytest.mark.parametrize("view", LISTS)
@pytest.mark.parametrize(
    "query",
    [
        "?q=%00",
        "?q=" + "9" * 5000,
        "?p=0&q=%25",
        "?p=-1",
        "?p=" + "9" * 5000,
        "?p=x",
        "?all=1&o=9.-3.x",
        "?e=1",
        "?password__startswith=argon2",
        "?owner__password__startswith=argon2",
        "?secrets__digest=x&state=none&used=none&role=x&days=x&channel=%00&about=x",
        "?owner=x&actor=" + "9" * 30 + "&subject=token&kind=%00",
        "?owner=999999&actor=999999&subject=token-999999&kind=no.such",
        "?state=active&state=revoked&owner=1&owner=2",
    ],
)
def test_console_list_with_a_strange_query_is_shown(view: str, query: str, console: Console) -> None:
    assert console.get(view, query=query).status_code == 200


@pytest.mark.parametrize("view", LISTS)
def test_console_list_for_a_popup_of_django_is_refused(view: str, console: Console) -> None:
    assert console.get(view, query="?_to_field=password").status_code == 400


def test_user_menu_names_the_console_for_administrators_alone(
    console: Console, client_of: ClientOf, alice: User
) -> None:
    link = f'href="{reverse("admin:index")}"'
    page = reverse("accounts:profile")
    assert link in console.client.get(page).content.decode()
    assert link not in client_of(alice).get(page).content.decode()


def test_console_acts_write_no_log_of_django(console: Console, alice: User) -> None:
    console.post("person_deactivate", alice.pk)
    assert AuditEvent.objects.filter(kind="user.deactivated").exists()
    assert not LogEntry.objects.exists()
