from django.urls import path

from tokens.gateway.forward_auth import auth_verify

urlpatterns = [path("auth/verify", auth_verify, name="auth_verify")]
