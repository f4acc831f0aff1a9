"""What tokens can be given access to: to be registered, described and retired."""

from collections.abc import Callable
from functools import partial

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from accounts.actor import actor_of
from accounts.recheck import resumed_input
from accounts.requests import SignedInRequest
from tokens import scopes
from tokens.admin.forms import EditResourceForm, RegisterResourceForm
from tokens.admin.listing import ListAdmin
from tokens.admin.responses import done, page_or_act, recheck_first, status_of
from tokens.domain.resources import edit_resource, register_resource, retire_resource, tokens_with
from tokens.errors import Refused
from tokens.models import Resource


class ResourceAdmin(ListAdmin):
    change_list_template = "admin/resources.html"
    ordering = ("name",)


@page_or_act
def resource_register(request: SignedInRequest) -> HttpResponse:
    form = RegisterResourceForm(request.POST if request.method == "POST" else resumed_input(request))
    act = register_resource
    if request.method == "POST" and form.is_valid() and (answer := _save(request, form, act, "registered")):
        return answer
    return render(request, "admin/resource_register.html", {"form": form}, status=status_of(request))


@page_or_act
def resource_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    resource = get_object_or_404(Resource, pk=pk)
    now_is = {"title": resource.title, "description": resource.description}
    form = EditResourceForm(request.POST if request.method == "POST" else resumed_input(request), initial=now_is)
    act = partial(edit_resource, resource)
    if request.method == "POST" and form.is_valid() and (answer := _save(request, form, act, "changed")):
        return answer
    context = {"form": form, "resource": resource}
    return render(request, "admin/resource_edit.html", context, status=status_of(request))


def _save(
    request: SignedInRequest, form: EditResourceForm, act: Callable[..., Resource], participle: str
) -> HttpResponse | None:
    """None when the domain refused; then the form says why."""
    if asked_first := recheck_first(request):
        return asked_first
    try:
        resource = act(**form.cleaned_data, by=actor_of(request), now=timezone.now())
    except Refused as refusal:
        form.refuse(refusal)
        return None
    return done(request, f"{resource.title} was {participle}.", "admin:resources")


@page_or_act
def resource_retire(request: SignedInRequest, pk: int) -> HttpResponse:
    """A GET says how many tokens lose a permission, a POST does it. The portal's own can't be retired: 409."""
    resource = get_object_or_404(Resource, pk=pk)
    is_ours = resource.name == scopes.PORTAL
    if request.method == "POST" and not is_ours:
        return recheck_first(request) or _retire(request, resource)
    context = {"resource": resource, "is_ours": is_ours, "count": tokens_with(resource)}
    status = 409 if request.method == "POST" else 200
    return render(request, "admin/resource_retire.html", context, status=status)


def _retire(request: SignedInRequest, resource: Resource) -> HttpResponse:
    count = retire_resource(resource, by=actor_of(request), now=timezone.now())
    lost = "1 token" if count == 1 else f"{count} tokens"
    return done(request, f"{resource.title} was retired; {lost} lost a permission.", "admin:resources")
