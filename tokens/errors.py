"""What the domain refuses, as exceptions that every interface can turn into its own answer. No Django."""

from datetime import datetime
from typing import ClassVar


class Refused(Exception):
    """An act that was not done.

    `code` is stable and for programs, `field` names the input that is at fault ("" when none is),
    `message` is a sentence for people. None of them ever repeats a secret.
    """

    code: ClassVar[str] = "refused"
    field: ClassVar[str] = ""
    message = "This can't be done."

    def __init__(self, message: str = "", *, field: str = "") -> None:
        self.message = message or self.message
        if field:
            self.field = field  # type: ignore[misc]  # an instance may point at another field
        super().__init__(self.message)


class InvalidName(Refused):
    code = "invalid_name"
    field = "name"


class NameTaken(Refused):
    code = "name_taken"
    field = "name"
    message = "You already have a token with this name."


class InvalidDescription(Refused):
    code = "invalid_description"
    field = "description"


class InvalidReason(Refused):
    code = "invalid_reason"
    field = "reason"


class HoldsSecret(Refused):
    code = "holds_secret"
    message = "This is a secret. Revoke it if anyone saw it."


class InvalidScopes(Refused):
    code = "invalid_scopes"
    field = "scopes"


class InvalidNetworks(Refused):
    code = "invalid_networks"
    field = "allowed_networks"


class InvalidExpiration(Refused):
    code = "invalid_expiration"
    field = "expires_at"


class InvalidOverlap(Refused):
    code = "invalid_overlap"
    field = "overlap"


class AlreadyDone(Refused):
    """A repeat of an act that made a secret; the first answer had it.

    `token_id` is the token that the first call made or regenerated, `at` when it did.
    """

    code = "already_done"
    message = "Already made. Its secret was in the other answer; if you didn't keep it, regenerate."

    def __init__(self, *, token_id: int, at: datetime) -> None:
        self.token_id = token_id
        self.at = at
        super().__init__()


class ChangedElsewhere(Refused):
    code = "changed_elsewhere"
    message = "This token was changed in the meantime. Look at what it is now, then save again."


class KeyReused(Refused):
    code = "key_reused"
    message = "This Idempotency-Key was sent with another request. Use a new one for each request."


class BeyondAuthority(Refused):
    """A token acts on tokens, and what would come of it may do more than it may itself."""

    code = "insufficient_scope"
    message = "A token can give no permission, no network and no later end than it has itself."


class ActingTokenEnded(Refused):
    code = "invalid_token"
    message = "The access token that asks was ended in the meantime."


class OwnerDeactivated(Refused):
    code = "owner_deactivated"
    message = "This account is deactivated. An administrator can reactivate it."


class SecretGone(Refused):
    code = "secret_gone"
    message = "This secret has ended already."


class SecretIsCurrent(Refused):
    code = "secret_is_current"
    message = "This is the secret that the token has now. Regenerate or disable the token to end it."


class DisabledByAdministrator(Refused):
    code = "disabled_by_administrator"
    message = "An administrator disabled this token. Ask them to enable it."


class Unconfirmed(Refused):
    code = "unconfirmed"
    message = "Confirm your e-mail address first: follow the link in the mail that we sent you."


class TooManyTokens(Refused):
    code = "too_many_tokens"


class TokenIsRevoked(Refused):
    code = "revoked"
    message = "This token was revoked for good. Make a new one."


class TokenGone(Refused):
    code = "gone"
    message = "This token was deleted in the meantime."


class InvalidResource(Refused):
    code = "invalid_resource"
    field = "name"


class InvalidPolicy(Refused):
    code = "invalid_policy"
