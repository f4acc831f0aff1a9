"""The one row that verification reads."""

from dataclasses import dataclass
from datetime import datetime

from tokens.domain import digests
from tokens.models import TokenSecret

_COLUMNS = (
    "pk",
    "pepper",
    "created_at",
    "replaced_at",
    "accepted_until",
    "token_id",
    "token__name",
    "token__scopes",
    "token__allowed_networks",
    "token__expires_at",
    "token__disabled_at",
    "token__revoked_at",
    "token__revoked_code",
    "token__owner_id",
    "token__owner__email",
    "token__owner__name",
    "token__owner__deactivated_at",
)


@dataclass(frozen=True, slots=True)
class Found:
    """A secret that exists, its token and its owner; in the order of the columns above."""

    secret_id: int
    pepper: int
    created_at: datetime
    replaced_at: datetime | None
    accepted_until: datetime | None
    token_id: int
    token_name: str
    scopes: str
    allowed_networks: list[str]
    expires_at: datetime
    disabled_at: datetime | None
    revoked_at: datetime | None
    revoked_code: str
    owner_id: int
    owner_email: str
    owner_name: str
    deactivated_at: datetime | None

    @property
    def ends_at(self) -> datetime:
        """When this very secret stops being accepted."""
        return min(self.expires_at, self.accepted_until or self.expires_at)


def find(secret: str) -> Found | None:
    """The row of a well-formed secret, by the unique index on digests."""
    row = TokenSecret.objects.filter(digest__in=digests.candidates(secret)).values_list(*_COLUMNS).first()
    return Found(*row) if row else None
