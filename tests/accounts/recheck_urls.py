"""A form that asks who it is, for the tests of that."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.urls import path

from accounts.recheck import require_recheck, require_sign_in, resumed_input
from accounts.requests import PortalRequest, SignedInRequest
from tokenportal.urls import urlpatterns as product


@login_required
def form(request: SignedInRequest) -> HttpResponse:
    if request.method != "POST":
        kept = resumed_input(request)
        return JsonResponse(dict(kept.lists()) if kept is not None else None, safe=False)
    return require_recheck(request, minutes=15, keep=_no_secret) or HttpResponse("done")


@login_required
def act(request: SignedInRequest) -> HttpResponse:
    return require_recheck(request, minutes=5, keep=_no_secret, return_to="/form/?tab=2") or HttpResponse("done")


def door(request: PortalRequest) -> HttpResponse:
    return require_sign_in(request, keep=_no_secret) or form(cast(SignedInRequest, request))


def _no_secret(name: str, value: str) -> bool:
    return name != "password" and "secret" not in value


urlpatterns = [path("form/", form), path("act/", act), path("door/", door), *product]
