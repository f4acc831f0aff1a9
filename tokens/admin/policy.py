"""The page of the one row of rules."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.actor import actor_of
from accounts.recheck import resumed_input
from accounts.requests import SignedInRequest
from tokens.admin.forms import PolicyForm
from tokens.admin.responses import done, page_or_act, recheck_first, status_of
from tokens.domain.policy import change_policy
from tokens.errors import InvalidPolicy
from tokens.models import Policy


@page_or_act
def policy(request: SignedInRequest) -> HttpResponse:
    form = PolicyForm(request.POST if request.method == "POST" else resumed_input(request), policy=Policy.current())
    if request.method == "POST" and form.is_valid():
        if asked_first := recheck_first(request):
            return asked_first
        try:
            change_policy(by=actor_of(request), now=timezone.now(), **form.cleaned_data)
        except InvalidPolicy as refusal:
            form.refuse(refusal)
        else:
            return done(request, "The policy was saved.", "admin:policy")
    return render(request, "admin/policy.html", {"form": form}, status=status_of(request))
