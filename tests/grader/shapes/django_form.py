"""Django; a page with a form that is protected against forgery."""

import sys

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.urls import path
from making import text

settings.configure(
    SECRET_KEY="not-a-secret-in-a-lesson",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
)


def ask(request):
    if request.method == "POST":
        return HttpResponse(f"<p>{text(request.POST['question'])}</p>")
    return HttpResponse(
        '<form method="post" action="/ask/"><input type="hidden" name="csrfmiddlewaretoken" '
        f'value="{get_token(request)}"><input name="question"><input type="submit"></form>'
    )


urlpatterns = [path("ask/", ask)]
application = get_wsgi_application()
assert sys.modules[__name__]
