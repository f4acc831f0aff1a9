"""The portal, but that last uses and counts are noted and never written: what the writing costs."""

from tokenportal.wsgi import verifying as application

__all__ = ["application"]
