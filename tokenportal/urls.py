from django.urls import include, path
from django.views.generic import RedirectView

from accounts.views import ConfirmEmail
from tokens.admin.site import console
from tokens.gateway import urls as gateway

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="tokens:list")),
    path("accounts/confirm-email/<str:key>/", ConfirmEmail.as_view(), name="account_confirm_email"),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", console.urls),
    path("settings/", RedirectView.as_view(pattern_name="tokens:list")),
    path("settings/", include("accounts.urls")),
    path("settings/tokens/", include("tokens.pages.urls")),
    *gateway.urlpatterns,
    path("api/v1/", include("tokens.api.urls")),
]

handler400 = "tokenportal.errors.bad_request"
handler403 = "tokenportal.errors.permission_denied"
handler404 = "tokenportal.errors.page_not_found"
handler500 = "tokenportal.errors.server_error"
