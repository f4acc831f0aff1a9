"""allauth's pages, where they keep something from people."""

from allauth.account.views import EmailView
from django.http import HttpRequest

from accounts.link_mails import send_confirmation


class ChangeEmailView(EmailView):  # type: ignore[misc]  # allauth ships no types
    def _action_send(self, request: HttpRequest) -> None:
        """Send the mail again, to an address that waits for it, or say when: allauth says nothing then."""
        address = self._get_email_address(request)
        if address and not address.verified:
            send_confirmation(request, address)
