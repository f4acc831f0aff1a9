"""allauth's pages, where they keep something from people."""

from typing import Any

from allauth.account.views import ConfirmEmailView, EmailView
from django.http import Http404, HttpRequest, HttpResponse

from accounts.link_mails import send_confirmation


class ChangeEmailView(EmailView):  # type: ignore[misc]  # allauth ships no types
    def _action_send(self, request: HttpRequest) -> None:
        """Send the mail again, to an address that waits for it, or say when: allauth says nothing then."""
        address = self._get_email_address(request)
        if address and not address.verified:
            send_confirmation(request, address)


class ConfirmEmail(ConfirmEmailView):  # type: ignore[misc]  # allauth ships no types
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """For a page that stood open until its link died, what the link itself says; allauth has no page for that."""
        try:
            answer: HttpResponse = super().post(request, *args, **kwargs)
        except Http404:
            answer = self.get(request, *args, **kwargs)
        return answer
