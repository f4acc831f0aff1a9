"""Whose token this is."""

from django.http import HttpResponse
from ninja import Router

from tokens.api.auth import ApiRequest, TokenAuth
from tokens.api.problems import errors_of
from tokens.api.schemas import UserOut

router = Router(tags=["user"])


@router.get("/user", auth=TokenAuth(), response={200: UserOut, **errors_of()}, summary="Whose token this is")
def get_user(request: ApiRequest, response: HttpResponse) -> UserOut:
    """The owner of the presented token. Any scope will do, but not none."""
    found = request.auth
    return UserOut(id=found.owner_id, email=found.owner_email, name=found.owner_name)
