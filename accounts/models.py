"""The person who is signed in."""

from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.actor import COMMAND
from accounts.audit import AuditEvent, Subject, record
from accounts.time_zones import all_time_zones

__all__ = ["AuditEvent", "User"]


# The columns of User that turn reminders off.
MAIL_CHOICES = ("mail_week_before", "mail_day_before")


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A person; without a password nobody can sign in with one until it is reset by mail."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    @transaction.atomic
    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """An administrator whose address counts as confirmed; what `manage.py createsuperuser` calls.

        Raises ValidationError when the address is taken.
        """
        if self.filter(email=email.strip().lower(), is_service=False).exists():
            raise ValidationError("Somebody with this e-mail address is already here.")
        user = self.create_user(email, password, **fields, is_staff=True, is_superuser=True)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        made = {"email": user.email, "administrator": True}
        record("user.created", by=COMMAND, subject=user.subject, now=user.created_at, after=made)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=username, is_service=False)


def validate_time_zone(name: str) -> None:
    if name not in all_time_zones():
        raise ValidationError(f"There is no time zone “{name}”.")


class User(AbstractBaseUser, PermissionsMixin):
    """A person, or a service account that owns tokens and never signs in."""

    class Theme(models.TextChoices):
        SYSTEM = "system", "System"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    email = models.EmailField(blank=True)
    name = models.CharField(max_length=100, blank=True)
    time_zone = models.CharField(max_length=64, blank=True, validators=[validate_time_zone])
    theme = models.CharField(max_length=6, choices=Theme, default=Theme.SYSTEM)
    mail_week_before = models.BooleanField(default=True)
    mail_day_before = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    deactivated_at = models.DateTimeField(null=True, blank=True)
    sessions_ended_at = models.DateTimeField(null=True, blank=True)
    is_service = models.BooleanField(default=False)
    is_staff = models.BooleanField(default=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                condition=models.Q(is_service=False),
                name="user_email_unique",
                violation_error_message="Somebody with this e-mail address is already here.",
            ),
            models.CheckConstraint(
                condition=models.Q(is_service=True) | ~models.Q(email=""), name="user_person_has_email"
            ),
            models.CheckConstraint(
                condition=models.Q(is_service=False) | models.Q(is_staff=False, is_superuser=False),
                name="user_service_is_no_administrator",
            ),
            models.CheckConstraint(condition=models.Q(theme__in=["system", "light", "dark"]), name="user_theme_known"),
        ]

    def __str__(self) -> str:
        return self.email or self.name

    @property
    def is_active(self) -> bool:  # type: ignore[override]  # Django asks for the attribute alone
        """Whether the account may sign in."""
        return self.deactivated_at is None and not self.is_service

    @property
    def subject(self) -> Subject:
        """The person in the audit log."""
        return Subject("user", self.pk, self.email or self.name, owner_id=self.pk)

    def get_session_auth_hash(self) -> str:
        """What a session has to hold to be theirs: another with each password, and whenever all were ended."""
        ended = self.sessions_ended_at
        return super().get_session_auth_hash() + (f" {ended.timestamp()}" if ended else "")

    def get_full_name(self) -> str:
        return self.name or self.email

    def has_confirmed_email(self) -> bool:
        return bool(EmailAddress.objects.filter(user=self, email__iexact=self.email, verified=True).exists())

    @property
    def initials(self) -> str:
        """One or two letters for the picture in the header."""
        words = (self.name or self.email.partition("@")[0].replace(".", " ")).split()
        return "".join(word[0] for word in words[:2]).upper() or "?"
