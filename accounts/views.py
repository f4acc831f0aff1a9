"""Settings: the pages of one's own account."""

from allauth.account.models import EmailAddress
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_safe

from accounts.activity import activity_context
from accounts.actor import actor_of
from accounts.forms import ProfileForm
from accounts.profile import change_profile
from accounts.requests import SignedInRequest


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
@login_required
def activity(request: SignedInRequest) -> HttpResponse:
    context = activity_context(request.user, kind=request.GET.get("kind", ""), page=request.GET.get("page", ""))
    # On the way back through the history htmx asks again, and puts the answer in place of the whole page.
    is_fragment = request.htmx and not request.htmx.history_restore_request
    template = "accounts/_activity.html" if is_fragment else "accounts/activity.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response
