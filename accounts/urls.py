from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("profile/", views.profile, name="profile"),
    path("security/", views.security, name="security"),
    path("activity/", views.activity, name="activity"),
    path("unsubscribe/<str:key>/", views.unsubscribe, name="unsubscribe"),
]
