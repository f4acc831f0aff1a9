"""How templates say times."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tokens.pages.presentation import exact_text, relative_text
from tokens.presenting import rfc3339

register = template.Library()


@register.filter
def exact(moment: datetime) -> str:
    """To the second, with the zone's name."""
    return exact_text(moment)


@register.simple_tag
def when(moment: datetime, *, seconds: bool = True) -> SafeString:
    """A `<time>`: relative in text, exact with its zone on hover and for assistive technology.

    A script keeps the text current while the page is open. Without `seconds` for what is known to the
    minute only.
    """
    in_full = exact_text(moment, seconds=seconds)
    return format_html(
        '<time datetime="{}" title="{}" data-relative>{}</time><span class="visually-hidden"> ({})</span>',
        rfc3339(moment) if seconds else f"{rfc3339(moment)[:16]}Z",
        in_full,
        relative_text(moment, now=timezone.now()),
        in_full,
    )
