from django.urls import path

from shop import views

urlpatterns = [
    path("api/texts/", views.texts),
    path("api/texts/<str:name>", views.text),
    path("api/openapi.json", views.document),
]
