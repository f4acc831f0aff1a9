"""The console as django.contrib.admin's site: who gets in, and which pages there are."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView

from accounts.audit import AuditEvent
from accounts.models import User
from accounts.people import is_administrator
from accounts.recheck import holds_no_secret, require_sign_in
from accounts.requests import PortalRequest
from tokens.admin import audit, notifications, people, policy, resources, token_pages, tokens
from tokens.models import AccessToken, Notification, Resource

View = Callable[..., HttpResponseBase]


class Console(AdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        return is_administrator(request.user)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Nothing: the templates draw their own menu."""
        return {}

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """All pages there are; django.contrib.admin's own would edit, delete and set passwords past the domain."""
        view = self.page
        return [
            path("", view(index), name="index"),
            # No form stands here: allauth's has limits on guessing, and the second factor.
            path("login/", view(RedirectView.as_view(pattern_name="admin:index")), name="login"),
            path("tokens/", view(self.listing(AccessToken)), name="tokens"),
            path("tokens/revoke/", view(token_pages.token_revoke), name="token_revoke"),
            path("tokens/<int:pk>/", view(token_pages.token_detail), name="token"),
            path("people/", view(self.listing(User)), name="people"),
            path("people/<int:pk>/", view(people.person_detail), name="person"),
            path("people/<int:pk>/deactivate/", view(people.person_deactivate), name="person_deactivate"),
            path("people/<int:pk>/reactivate/", view(people.person_reactivate), name="person_reactivate"),
            path("resources/", view(self.listing(Resource)), name="resources"),
            path("resources/new/", view(resources.resource_register), name="resource_register"),
            path("resources/<int:pk>/edit/", view(resources.resource_edit), name="resource_edit"),
            path("resources/<int:pk>/retire/", view(resources.resource_retire), name="resource_retire"),
            path("mails/", view(self.listing(Notification)), name="notifications"),
            path("mails/<int:pk>/retry/", view(notifications.notification_retry), name="notification_retry"),
            path("policy/", view(policy.policy), name="policy"),
            path("audit/", view(self.listing(AuditEvent)), name="audit"),
            path("audit/<int:pk>/", view(audit.audit_event), name="audit_event"),
        ]

    def page(self, view: View) -> View:
        """A page for administrators: anybody else is sent to sign in, or told that it is not for them."""

        @never_cache
        @wraps(view)
        def guarded(request: PortalRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if sign_in_first := require_sign_in(request, keep=holds_no_secret):
                return sign_in_first
            if not self.has_permission(request):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return cast(View, guarded)

    def listing(self, model: type[Model]) -> View:
        return require_safe(self.get_model_admin(model).changelist_view)


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "admin/index.html", {"failed_mails": notifications.failed_count()})


console = Console()
console.register(AccessToken, tokens.TokenAdmin)
console.register(User, people.PersonAdmin)
console.register(Resource, resources.ResourceAdmin)
console.register(Notification, notifications.NotificationAdmin)
console.register(AuditEvent, audit.AuditAdmin)
