"""Django; the page's script sends JSON with the page's token in a header, and the middleware asks for it."""

import json

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.urls import path
from making import text

settings.configure(
    SECRET_KEY="not-a-secret-in-a-lesson",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
)


def page(request):
    token = get_token(request)
    return HttpResponse(
        f'<input type="hidden" name="csrfmiddlewaretoken" value="{token}"><script src="ask.js"></script>'
    )


def answer(request):
    if request.method != "POST":
        return JsonResponse({"error": "POST a question."}, status=405)
    return JsonResponse({"answer": text(json.loads(request.body)["question"])})


urlpatterns = [path("", page), path("answers/", answer)]
application = get_wsgi_application()
