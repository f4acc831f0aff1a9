"""What calls answer beside what they are asked for: every code of an error, by name."""

from collections.abc import Mapping
from typing import Annotated, Any

from ninja import Schema
from pydantic import Field

from tokens.api.auth import TokenAuth
from tokens.api.fields import TimeText

# The status and the meaning of each code; docs/api.md has the same table.
CODES: Mapping[str, tuple[int, str]] = {
    "invalid_request": (400, "Two access tokens were presented, or the request was cut off or malformed."),
    "bad_request": (400, "The request can't be read, or its Host is not one of this portal's."),
    "unauthenticated": (401, "No access token was presented."),
    "invalid_token": (401, "The access token is not accepted; `detail` says why to whoever has the whole right one."),
    "insufficient_scope": (
        403,
        "The access token lacks a permission, is used from a network that it is not for, "
        "or would give more than it has.",
    ),
    "unconfirmed": (403, "The owner has not confirmed their e-mail address yet."),
    "not_found": (404, "There is no such address or token, or it is somebody else's."),
    "gone": (404, "The token was deleted in this very moment."),
    "secret_gone": (404, "The token has no such old secret that still lives on."),
    "method_not_allowed": (405, "This address is not for that method; `Allow` names those that it is for."),
    "already_done": (409, "A repeat: the secret was in the first answer. `token_id` and `made_at` tell which."),
    "disabled_by_administrator": (409, "An administrator disabled the token, and alone can enable it."),
    "name_taken": (409, "Another token of yours has this name."),
    "revoked": (409, "The token was revoked for good."),
    "secret_is_current": (409, "The secret is the current one, which only regenerating or deleting ends."),
    "too_many_tokens": (409, "You have as many tokens as the policy allows."),
    "length_required": (411, "The body has no length that can be known: send its Content-Length."),
    "changed_elsewhere": (412, "The token is not the one of `If-Match` any more."),
    "too_large": (413, "The body has more than 1 MiB."),
    "not_json": (415, "The body is not said to be `application/json`."),
    "invalid_input": (422, "A field or a parameter is at fault; `errors` says which and why."),
    "invalid_json": (422, "The body is no JSON, names a field twice, or holds what is no text."),
    "key_reused": (422, "The `Idempotency-Key` was sent with another call or body."),
    "too_many_requests": (429, "Too many calls; `Retry-After` says for how many seconds to wait."),
    "server_error": (500, "Something is wrong inside, and is in the log."),
    "unavailable": (503, "The database can't be reached; `Retry-After` says when to try again."),
}
# What every call that takes a token may answer, and every call that takes a body.
ALWAYS = (
    "invalid_request",
    "unauthenticated",
    "invalid_token",
    "insufficient_scope",
    "too_many_requests",
    "unavailable",
)
WITH_BODY = ("length_required", "too_large", "not_json", "invalid_input", "invalid_json")
# Of a call's description: its codes, for the schema of the whole.
PROBLEMS = "x-problems"


class FieldError(Schema):
    field: Annotated[str, Field(examples=["expires_in"])]
    code: Annotated[str, Field(examples=["invalid_expiration"])]
    message: Annotated[str, Field(examples=["Use a number of days from 1 to 365."])]


class Problem(Schema):
    """RFC 9457."""

    type: Annotated[str, Field(pattern="^urn:tokenportal:problem:[a-z_]+$")]
    title: str
    status: int
    detail: str
    errors: Annotated[list[FieldError], Field(description="Where fields are at fault.")] = []
    token_id: Annotated[int | None, Field(description="Of a repeat: the token that the first call made.")] = None
    made_at: Annotated[TimeText | None, Field(description="Of a repeat: when that was.")] = None


def answers(auth: TokenAuth, success: Mapping[int, Any], *codes: str) -> dict[str, Any]:
    """For a route: what it needs, what it answers when all is well, and the codes of its errors."""
    all_codes = (*ALWAYS, *codes)
    statuses = sorted({CODES[code][0] for code in all_codes})
    needed = list(auth.needed)
    return {
        "auth": auth,
        "response": {**success, **dict.fromkeys(statuses, Problem)},
        "openapi_extra": {
            PROBLEMS: list(dict.fromkeys(all_codes)),
            "security": [{"bearer": needed}, {"basic": needed}],  # all of them; without any, whichever scope will do
        },
    }
