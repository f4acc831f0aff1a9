"""The bodies of the API. What comes in is strict, and a field that there is not is refused by its name."""

from typing import Annotated, Any

from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field

from tokens.api.fields import Text, Time, TimeText
from tokens.domain.expiration import OVERLAPS, WantedEnd
from tokens.domain.states import State
from tokens.models import AccessToken

_SCOPES = {"examples": [["deployments:read", "deployments:write"], ["full"], []]}
_NETWORKS = {"examples": [["203.0.113.0/24", "2001:db8::/32"], []]}
_OVERLAPS = [int(overlap.total_seconds()) for overlap in OVERLAPS]


def _offered_overlap(seconds: int) -> int:
    """Not a Literal, which takes False for 0 and 3600.0 for 3600. Raises ValueError."""
    if seconds not in _OVERLAPS:
        raise ValueError(f"Use one of {', '.join(map(str, _OVERLAPS))}.")
    return seconds


class In(Schema):
    model_config = ConfigDict(strict=True, extra="forbid")


class EndIn(In):
    expires_in: Annotated[int | None, Field(description="Days from now; at most the policy's longest.", ge=1)] = None
    expires_at: Annotated[Time | None, Field(description="Or the time itself.")] = None

    @property
    def end(self) -> WantedEnd:
        return WantedEnd(self.expires_in, self.expires_at)


class CreateIn(EndIn):
    """What a new token is to be. Without an end it gets the policy's default, without scopes it has no access."""

    name: Annotated[Text, Field(description="1 to 64 characters, unique among yours.", examples=["ci-deploy"])]
    description: Annotated[Text, Field(description="Up to 200 characters.", examples=["Deploys from CI"])] = ""
    scopes: Annotated[
        list[Text], Field(description="None, `full`, or registered ones.", json_schema_extra=_SCOPES)
    ] = []
    allowed_networks: Annotated[
        list[Text],
        Field(description="CIDR ranges that it may be used from; none: anywhere.", json_schema_extra=_NETWORKS),
    ] = []


def _without_defaults(schema: dict[str, Any]) -> None:
    """What is left out is not changed: a client that filled in a default would empty the token."""
    for field in schema["properties"].values():
        field.pop("default")


class ChangeIn(In):
    """What is to change; a field that is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    name: Annotated[Text, Field(examples=["ci-deploy"])] = ""
    description: Annotated[Text, Field(examples=["Deploys from CI"])] = ""
    scopes: Annotated[list[Text], Field(json_schema_extra=_SCOPES)] = []
    allowed_networks: Annotated[list[Text], Field(json_schema_extra=_NETWORKS)] = []
    disabled: Annotated[bool, Field(description="Off, or on again.")] = False


class RegenerateIn(EndIn):
    """How long the new secret lives, and the old one beside it."""

    overlap: Annotated[
        int,
        AfterValidator(_offered_overlap),
        Field(
            description="Seconds that the old secret goes on working, as the policy allows.",
            json_schema_extra={"enum": _OVERLAPS},
        ),
    ] = 0


class SecretOut(Schema):
    """One secret that is accepted; never the secret itself."""

    id: int
    hint: Annotated[str, Field(examples=["tp_Q7rk…APij"])]
    created_at: TimeText
    accepted_until: Annotated[
        TimeText | None, Field(description="Of a replaced one, when it ends; null of the current one.")
    ]
    last_used_at: TimeText | None
    last_used_address: Annotated[str | None, Field(examples=["203.0.113.7"])]


class RevokedOut(Schema):
    at: TimeText
    code: AccessToken.RevokedCode
    reason: str


class TokenOut(Schema):
    id: Annotated[int, Field(examples=[12])]
    name: Annotated[str, Field(examples=["ci-deploy"])]
    description: str
    hint: Annotated[str, Field(description="Of the current secret.", examples=["tp_Q7rk…APij"])]
    scopes: Annotated[list[str], Field(description="Sorted; write stands with read.", json_schema_extra=_SCOPES)]
    state: State
    created_at: TimeText
    updated_at: TimeText
    expires_at: TimeText
    regenerated_at: TimeText | None
    last_used_at: TimeText | None
    last_used_address: str | None
    allowed_networks: Annotated[list[str], Field(json_schema_extra=_NETWORKS)]
    disabled: bool
    revoked: RevokedOut | None
    secrets: Annotated[list[SecretOut], Field(description="Those that are accepted: the current one, then an old one.")]


class MadeOut(TokenOut):
    """A token with its new secret, which is shown in this answer alone."""

    secret: Annotated[str, Field(examples=["tp_…"])]
    expiration_cut: Annotated[
        bool, Field(description="Whether it ends earlier than asked for: with the token that asked.")
    ]


class TokensOut(Schema):
    items: list[TokenOut]
    count: Annotated[int, Field(description="Of all pages.")]


class UserOut(Schema):
    id: int
    email: str
    name: str
