"""The acts that change what tokens can be given access to."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from accounts.actor import Actor
from accounts.audit import Subject, record
from tokens import scopes
from tokens.domain.names import refuse_secret
from tokens.domain.rows import next_version
from tokens.errors import InvalidResource
from tokens.models import AccessToken, Resource
from tokens.models.resource import DESCRIPTION_LENGTH, TITLE_LENGTH


@transaction.atomic
def register_resource(name: str, *, title: str, by: Actor, now: datetime, description: str = "") -> Resource:
    """A new resource, with the scopes `name:read` and `name:write`. Raises InvalidResource, HoldsSecret."""
    if not scopes.RESOURCE_NAME.fullmatch(name) or name in scopes.RESERVED_NAMES:
        raise InvalidResource(
            "Use a lower-case letter, then up to 39 lower-case letters, digits, _ or -; "
            f"not {', '.join(sorted(scopes.RESERVED_NAMES))}."
        )
    try:
        with transaction.atomic():
            resource = Resource.objects.create(name=name, created_at=now, **_texts(title, description))
    except IntegrityError:
        raise InvalidResource("There is a resource with this name already.") from None
    record("resource.registered", by=by, subject=subject_of(resource), now=now, after=_described(resource))
    return resource


@transaction.atomic
def edit_resource(resource: Resource, *, title: str, description: str, by: Actor, now: datetime) -> Resource:
    """Change how people read it; the name, which is in scopes, stays. Raises InvalidResource, HoldsSecret."""
    if not Resource.objects.select_for_update().filter(pk=resource.pk).exists():
        raise InvalidResource("This resource was retired in the meantime.")
    before = _described(resource)
    for field, value in _texts(title, description).items():
        setattr(resource, field, value)
    resource.save(update_fields=["title", "description"])
    record("resource.edited", by=by, subject=subject_of(resource), now=now, before=before, after=_described(resource))
    return resource


def tokens_with(resource: Resource) -> int:
    """How many tokens would lose a scope if the resource were retired."""
    return _holding(resource).count()


@transaction.atomic
def retire_resource(resource: Resource, *, by: Actor, now: datetime) -> int:
    """Take the resource away, and its scopes off all tokens; returns how many had one.

    Does nothing to one that somebody else retired just before.
    The portal's own API can't be retired: raises InvalidResource.
    """
    if resource.name == scopes.PORTAL:
        raise InvalidResource("The portal's own API can't be retired.")
    if not Resource.objects.select_for_update().filter(pk=resource.pk).exists():
        return 0
    holders = list(_holding(resource).select_for_update().order_by("pk"))  # as everybody, in the order of ids
    for token in holders:
        before = token.scopes
        token.scopes = scopes.without_resource(before, resource.name)
        token.updated_at = next_version(token, now=now)
        was, is_now = {"scopes": before}, {"scopes": token.scopes}
        record("token.scopes_retired", by=by, subject=token.subject, now=now, before=was, after=is_now)
    AccessToken.objects.bulk_update(holders, ["scopes", "updated_at"], batch_size=500)
    record("resource.retired", by=by, subject=subject_of(resource), now=now, before=_described(resource))
    resource.delete()
    return len(holders)


def registered_scopes() -> list[str]:
    """What full access stands for at this time, sorted."""
    return scopes.of_resources(Resource.objects.values_list("name", flat=True))


def subject_of(resource: Resource) -> Subject:
    return Subject("resource", resource.pk, resource.name)


def _holding(resource: Resource) -> QuerySet[AccessToken]:
    """Every scope of a resource starts with its name and a colon, which stands in no other place."""
    return AccessToken.objects.filter(
        Q(scopes__startswith=f"{resource.name}:") | Q(scopes__contains=f" {resource.name}:")
    )


def _texts(title: str, description: str) -> dict[str, str]:
    texts = {"title": title.strip(), "description": description.strip()}
    for field, most in (("title", TITLE_LENGTH), ("description", DESCRIPTION_LENGTH)):
        refuse_secret(texts[field], field=field)
        if len(texts[field]) > most or "\0" in texts[field]:
            raise InvalidResource(f"Use at most {most} characters.", field=field)
    if not texts["title"]:
        raise InvalidResource("Give the resource a title.", field="title")
    return texts


def _described(resource: Resource) -> dict[str, str]:
    return {"name": resource.name, "title": resource.title, "description": resource.description}
