"""The URL list is the feature list: one act, one function, one address."""

from django.urls import path

from tokens.pages import views

app_name = "tokens"
urlpatterns = [
    path("", views.token_list, name="list"),
    path("new/", views.token_create, name="create"),
    path("<int:pk>/", views.token_detail, name="detail"),
    path("<int:pk>/delete/", views.token_delete, name="delete"),
]
