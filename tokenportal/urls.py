from django.urls import include, path, re_path
from django.views.generic import RedirectView

from accounts.allauth_views import ChangeEmailView, ConfirmEmail
from tokens.admin.site import console
from tokens.gateway import urls as gateway
from tokens.gateway.errors import nothing_here

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="tokens:list")),
    path("accounts/confirm-email/<str:key>/", ConfirmEmail.as_view(), name="account_confirm_email"),
    path("accounts/email/", ChangeEmailView.as_view(), name="account_email"),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", console.urls),
    path("settings/", RedirectView.as_view(pattern_name="tokens:list")),
    path("settings/", include("accounts.urls")),
    path("settings/tokens/", include("tokens.pages.urls")),
    *gateway.urlpatterns,
    path("api/v1/", include("tokens.api.urls")),
    # Last: programs can't read the page of an address that there is not, nor the one while developing.
    re_path(r"^(?:auth|oauth|api|\.well-known)(?:/|\Z)", nothing_here),
]

handler400 = "tokenportal.errors.bad_request"
handler403 = "tokenportal.errors.permission_denied"
handler404 = "tokenportal.errors.page_not_found"
handler500 = "tokenportal.errors.server_error"
