"""For schemathesis, which runs in a process of its own: a good token for each case, whatever the case before did.

A case may end the token that it asks with, or narrow it; so each gets the last one only while that is
as it was, from the portal's own database.
"""

from typing import Any

import django
import schemathesis

django.setup()

from datetime import timedelta  # noqa: E402  # settings come first

from django.utils import timezone  # noqa: E402

from accounts.actor import COMMAND  # noqa: E402
from accounts.models import User  # noqa: E402
from tokens.domain.lifecycle import create_token  # noqa: E402
from tokens.models import AccessToken  # noqa: E402

OWNER = "ada@example.com"


@schemathesis.auth(refresh_interval=None)
class FreshToken:
    token: AccessToken | None = None
    secret = ""

    def get(self, _case: "schemathesis.Case[Any]", _context: schemathesis.AuthContext) -> str:
        if self.token is None or not self._is_as_it_was(self.token):
            self.token, self.secret = self._make()
        return self.secret

    def set(self, case: "schemathesis.Case[Any]", data: str, _context: schemathesis.AuthContext) -> None:
        case.headers["Authorization"] = f"Bearer {data}"

    def _is_as_it_was(self, token: AccessToken) -> bool:
        return AccessToken.objects.filter(pk=token.pk, updated_at=token.updated_at).exists()

    def _make(self) -> tuple[AccessToken, str]:
        now = timezone.now()
        return create_token(
            User.objects.get(email=OWNER),
            name=f"asks since {now.isoformat()}",
            scopes=["full"],
            expires_at=now + timedelta(days=365),
            by=COMMAND,
            now=now,
        )
