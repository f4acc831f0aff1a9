"""A view behind each peer that does nothing but let the right ones in."""

from django.core.wsgi import get_wsgi_application
from django.urls import include, path

application = get_wsgi_application()  # before the peers, whose modules need the settings

from knox.auth import TokenAuthentication as KnoxAuthentication  # noqa: E402
from rest_framework.authentication import TokenAuthentication  # noqa: E402
from rest_framework.permissions import IsAuthenticated  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402
from rest_framework_api_key.permissions import HasAPIKey  # noqa: E402


class Nothing(APIView):
    def get(self, _request: Request) -> Response:
        return Response(status=204)


class RestFramework(Nothing):
    authentication_classes = [TokenAuthentication]
    permission_classes = [IsAuthenticated]


class Knox(Nothing):
    authentication_classes = [KnoxAuthentication]
    permission_classes = [IsAuthenticated]


class ApiKey(Nothing):
    authentication_classes = []
    permission_classes = [HasAPIKey]


urlpatterns = [
    path("drf", RestFramework.as_view()),
    path("knox", Knox.as_view()),
    path("api-key", ApiKey.as_view()),
    path("o/", include("oauth2_provider.urls")),
]
