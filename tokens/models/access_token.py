"""A token: what keeps its identity while its secrets come and go."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.audit import Subject
from tokens import scopes

if TYPE_CHECKING:
    from tokens.models.token_secret import TokenSecret

NAME_LENGTH = 64
# NFKC turns some single characters into eighteen, and case folding may triple those of a name.
NAME_KEY_LENGTH = NAME_LENGTH * 18 * 3
DESCRIPTION_LENGTH = 200
REASON_LENGTH = 200


class AccessToken(models.Model):
    class DisabledBy(models.TextChoices):
        OWNER = "owner"
        ADMINISTRATOR = "administrator"
        POLICY = "policy"

    class RevokedCode(models.TextChoices):
        ADMINISTRATOR = "administrator", "Revoked by an administrator"
        LEAK = "leak", "Reported as leaked"
        HOLDER = "holder", "Ended by whoever held the secret"
        POLICY = "policy", "Revoked by a rule of this portal"

    # People are deactivated, never deleted, as long as they own tokens.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=NAME_LENGTH)
    name_key = models.CharField(max_length=NAME_KEY_LENGTH)
    description = models.CharField(max_length=DESCRIPTION_LENGTH, blank=True)
    scopes = models.TextField(blank=True)
    allowed_networks = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    regenerated_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    made_by_token = models.ForeignKey("self", models.SET_NULL, null=True, related_name="made_tokens")
    # The other token by which it was regenerated last; null when a person or itself did.
    regenerated_by_token = models.ForeignKey("self", models.SET_NULL, null=True, related_name="regenerated_tokens")
    disabled_at = models.DateTimeField(null=True)
    disabled_by = models.CharField(max_length=16, choices=DisabledBy, blank=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_code = models.CharField(max_length=16, choices=RevokedCode, blank=True)
    revoked_reason = models.CharField(max_length=REASON_LENGTH, blank=True)
    expiry_flagged_at = models.DateTimeField(null=True)
    banner_dismissed_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    last_used_address = models.CharField(max_length=45, blank=True)
    last_used_agent = models.CharField(max_length=200, blank=True)
    # With which secret. No key: it would be checked at each writing, and a secret that is gone does no harm.
    last_used_secret_id = models.BigIntegerField(null=True)

    owner_id: int

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "name_key"], name="token_name_unique"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(name_key=""), name="token_has_name"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="token_ends_after_start"),
            models.CheckConstraint(
                condition=Q(disabled_at=None, disabled_by="")
                | Q(disabled_at__isnull=False, disabled_by__in=["owner", "administrator", "policy"]),
                name="token_disabled_by_someone",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_code="", revoked_reason="")
                | Q(revoked_at__isnull=False, revoked_code__in=["administrator", "leak", "holder", "policy"]),
                name="token_revoked_with_code",
            ),
            models.CheckConstraint(
                condition=~Q(scopes__startswith="full ") & ~Q(scopes__endswith=" full") & ~Q(scopes__contains=" full "),
                name="token_full_stands_alone",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="token_owner_created"),  # the owner's list
            # The console finds tokens by the beginning of their names.
            models.Index(fields=["name_key"], opclasses=["text_pattern_ops"], name="token_name_prefix"),
            # The flagging job: what to flag by its end, and what is flagged, which the banner reads too.
            models.Index(
                fields=["expires_at"],
                condition=Q(expiry_flagged_at=None, revoked_at=None, disabled_at=None),
                name="token_unflagged_end",
            ),
            models.Index(
                fields=["owner", "expires_at"], condition=Q(expiry_flagged_at__isnull=False), name="token_flagged"
            ),
            # Reminders. The clean-up reads it too, and the one of the unflagged, and the next: together they
            # have every token once. One of all would be read for the flags, where few of its rows are due.
            models.Index(fields=["expires_at"], condition=Q(expiry_flagged_at__isnull=False), name="token_flagged_end"),
            models.Index(
                fields=["expires_at"],
                condition=Q(expiry_flagged_at=None) & (Q(revoked_at__isnull=False) | Q(disabled_at__isnull=False)),
                name="token_off_end",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> Subject:
        """This token in the audit log."""
        return Subject("token", self.pk, self.name, self.owner_id)

    @property
    def scope_list(self) -> list[str]:
        return scopes.split(self.scopes)

    @property
    def why_revoked(self) -> str:
        """The reason that was given, else what the code means."""
        return self.revoked_reason or self.RevokedCode(self.revoked_code).label

    @property
    def current_secret(self) -> "TokenSecret":
        """Every token has exactly one; prefetch `secrets` before asking many."""
        return next(secret for secret in self.secrets.all() if secret.replaced_at is None)

    @property
    def hint(self) -> str:
        """Empty when the token was deleted after its row was read."""
        return next((secret.hint for secret in self.secrets.all() if secret.replaced_at is None), "")

    def last_use_of(self, secret: "TokenSecret") -> "AccessToken | TokenSecret":
        """The row whose `last_used_…` are those of that secret of this token.

        A secret's own row has them only once another secret of the token was used.
        """
        return self if self.last_used_secret_id == secret.pk else secret
