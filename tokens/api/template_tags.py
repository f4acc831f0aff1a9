"""How the page of the API shows texts of the description."""

import re

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def code(text: str) -> SafeString:
    """What stands between backticks as code; all of it escaped."""
    return SafeString(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))
