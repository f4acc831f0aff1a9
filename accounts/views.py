"""Settings: the pages of one's own account."""

from allauth.account.models import EmailAddress
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts.account_events import actor_with_link
from accounts.activity import activity_context
from accounts.actor import actor_of
from accounts.forms import REFUSED_SECRET, ProfileForm
from accounts.profile import change_profile
from accounts.recheck import address_holds_secret, holds_no_secret, require_sign_in
from accounts.requests import PortalRequest, SignedInRequest
from accounts.unsubscribe import BadLink, read_key, turn_mails_off


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def profile(request: SignedInRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, user=request.user)
    if form.is_valid():
        change_profile(request.user, **form.cleaned_data, by=actor_of(request), now=timezone.now())
        messages.success(request, "Your profile was saved.")
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form})


@require_safe
@login_required
def security(request: SignedInRequest) -> HttpResponse:
    user = request.user
    context = {
        "confirmed": user.has_confirmed_email(),
        "new_address": EmailAddress.objects.filter(user=user).exclude(email=user.email).first(),
        "has_password": user.has_usable_password(),
    }
    return render(request, "accounts/security.html", context)


@require_safe
def activity(request: SignedInRequest) -> HttpResponse:
    if asked_first := require_sign_in(request, keep=holds_no_secret):
        return asked_first
    if address_holds_secret(request.META["QUERY_STRING"]):
        messages.error(request, REFUSED_SECRET)
        return redirect("accounts:activity")  # the history of a browser is no place for one
    context = activity_context(request.user, kind=request.GET.get("kind", ""), page=request.GET.get("page", ""))
    # On the way back through the history htmx asks again, and puts the answer in place of the whole page.
    is_fragment = request.htmx and not request.htmx.history_restore_request
    template = "accounts/_activity.html" if is_fragment else "accounts/activity.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: PortalRequest, key: str) -> HttpResponse:
    """Where the link of a reminder leads, without signing in.

    Mail programs post here by themselves (RFC 8058), without a cookie: the signed key is the proof.
    Others fetch every link of a mail to look for harm, so a GET only asks.
    """
    try:
        user, choices = read_key(key)
    except BadLink:
        return render(request, "accounts/unsubscribe_bad.html", status=404)
    if request.method == "POST":
        turn_mails_off(user, choices, by=actor_with_link(user, request), now=timezone.now())
        return render(request, "accounts/unsubscribed.html")
    return render(request, "accounts/unsubscribe.html")
