"""Whose token this is."""

from django.http import HttpResponse
from ninja import Router

from tokens.api.answers import answers
from tokens.api.auth import ApiRequest, TokenAuth
from tokens.api.schemas import UserOut

router = Router(tags=["user"])


@router.get("/user", summary="Whose token this is", **answers(TokenAuth(), {200: UserOut}))
def get_user(request: ApiRequest, response: HttpResponse) -> UserOut:
    """The owner of the presented token. Any scope will do, but not none."""
    found = request.auth
    return UserOut(id=found.owner_id, email=found.owner_email, name=found.owner_name)
