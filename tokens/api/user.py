"""Whose token this is."""

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

router = Router()


class UserOut(Schema):
    id: int
    email: str
    name: str


@router.get("/user", response=UserOut)
def user(request: HttpRequest, response: HttpResponse) -> UserOut:
    """The owner of the presented token."""
    found = request.auth  # type: ignore[attr-defined]  # set by TokenAuth
    response["Cache-Control"] = "no-store"
    response["Token-Expires-At"] = request.token_expires_at  # type: ignore[attr-defined]  # set by TokenAuth
    return UserOut(id=found.owner_id, email=found.owner_email, name=found.owner_name)
