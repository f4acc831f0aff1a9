"""How templates say times."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tokens.pages.presentation import date_text, end_text, ended_text, exact_text, relative_text
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


@register.simple_tag
def until(end: datetime, *, capital: bool = True) -> SafeString:
    """A `<time>`: `Expires in 2 days`, from its end on `Expired on Dec 22, 2026`, exact on hover.

    A script keeps the text current while the page is open. The exact end has to stand beside it for
    assistive technology.
    """
    before, after, text = "Expires", ended_text(end), end_text(end, now=timezone.now())
    if not capital:
        before, after, text = before.lower(), f"e{after[1:]}", f"e{text[1:]}"
    return format_html(
        '<time datetime="{}" title="{}" data-relative="{}" data-after="{}">{}</time>',
        rfc3339(end),
        exact_text(end),
        before,
        after,
        text,
    )


@register.simple_tag
def day(moment: datetime) -> SafeString:
    """A `<time>`: the date in text, exact with its zone on hover and for assistive technology."""
    date, in_full = date_text(moment), exact_text(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}<span class="visually-hidden">{}</span></time>',
        rfc3339(moment),
        in_full,
        date,
        in_full.removeprefix(date),
    )
