"""Passwords of the tests."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2(Argon2PasswordHasher):
    """The product's hasher at the least cost that Argon2 knows."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
