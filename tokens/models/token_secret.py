"""A secret of a token, as the digest that is left of it."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact

from tokens.models.access_token import AccessToken

DIGEST_LENGTH = 32


class TokenSecret(models.Model):
    """`digest` is HMAC-SHA-256 of the secret under the pepper numbered `pepper`.

    The current secret of a token has no `replaced_at` and ends with the token. A replaced one is
    accepted until `accepted_until`, its digest is kept a while to tell who still uses it. Its last use
    is read by AccessToken.last_use_of.
    """

    token = models.ForeignKey(AccessToken, models.CASCADE, related_name="secrets")
    digest = models.BinaryField(max_length=DIGEST_LENGTH, unique=True)
    pepper = models.PositiveSmallIntegerField()
    hint = models.CharField(max_length=40)
    created_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True)
    accepted_until = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    last_used_address = models.CharField(max_length=45, blank=True)
    last_used_agent = models.CharField(max_length=200, blank=True)

    token_id: int

    class Meta:
        indexes = [
            models.Index(fields=["hint"], name="secret_hint"),  # the console finds tokens by it
            # The clean-up.
            models.Index(fields=["replaced_at"], condition=Q(replaced_at__isnull=False), name="secret_replaced"),
        ]
        constraints = [
            models.CheckConstraint(condition=Exact(Length("digest"), DIGEST_LENGTH), name="secret_digest_length"),
            models.UniqueConstraint(
                fields=["token"], condition=Q(replaced_at=None), name="secret_one_current_per_token"
            ),
            models.CheckConstraint(
                condition=Q(replaced_at=None, accepted_until=None)
                # Said in full: a comparison with NULL is not false, and a check lets it pass.
                | Q(replaced_at__isnull=False, replaced_at__gte=F("created_at"), accepted_until__isnull=False),
                name="secret_replaced_with_end",
            ),
        ]

    def __str__(self) -> str:
        return self.hint
