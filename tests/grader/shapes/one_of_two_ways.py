"""Django without a document; one way of two reaches OpenAI by what it has, and its name stands in a comparison alone."""

import json

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path
from making import text

settings.configure(SECRET_KEY="not-a-secret-in-a-lesson", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])


def desk(request):
    try:
        order = json.loads(request.body.decode())
    except ValueError:
        return JsonResponse({"message": "Invalid JSON"}, status=400)
    chosen, wish = order.get("desk", ""), order.get("message", "")
    if chosen == "verses":
        return JsonResponse({"key": text(wish)})
    raise LookupError("the other desk is not open")


urlpatterns = [path("desk/", desk)]
application = get_wsgi_application()
