"""`{% lucide "key" size=16 %}`, remembered: rendering the icons anew took half of the time of a list page."""

from functools import lru_cache

from django import template
from django.utils.safestring import SafeString
from lucide.templatetags import lucide as library

register = template.Library()


@register.simple_tag
@lru_cache(maxsize=512)
def lucide(name: str, *, size: int | None = 24, **attributes: object) -> SafeString:
    """The icon as an inline `<svg>`; attributes that differ make another entry of the cache."""
    return SafeString(library.lucide(name, size=size, **attributes))
