"""The URL list is the feature list: one act, one function, one address."""

from django.urls import path

from tokens.pages import rotation, views
from tokens.pages.selected import tokens_selected

app_name = "tokens"
urlpatterns = [
    path("", views.token_list, name="list"),
    path("new/", views.token_create, name="create"),
    path("selected/", tokens_selected, name="selected"),
    path("<int:pk>/", views.token_detail, name="detail"),
    path("<int:pk>/edit/", views.token_edit, name="edit"),
    path("<int:pk>/regenerate/", rotation.token_regenerate, name="regenerate"),
    path("<int:pk>/secrets/<int:secret_id>/end/", rotation.token_end_secret, name="end_secret"),
    path("<int:pk>/delete/", views.token_delete, name="delete"),
    path("<int:pk>/disable/", views.token_disable, name="disable"),
    path("<int:pk>/enable/", views.token_enable, name="enable"),
    path("<int:pk>/dismiss/", views.token_dismiss, name="dismiss"),
]
