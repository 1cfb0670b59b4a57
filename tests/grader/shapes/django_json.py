"""Django; JSON that the view reads itself, below an included pattern; a view that is a class."""

import json

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import include, path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from making import text

settings.configure(SECRET_KEY="not-a-secret-in-a-lesson", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])


@method_decorator(csrf_exempt, name="dispatch")
class Tale(View):
    def post(self, request, room):
        data = json.loads(request.body)
        return JsonResponse({"key": text(data["hero"])})


urlpatterns = [path("api/", include([path("rooms/<int:room>/tale", Tale.as_view())]))]
application = get_wsgi_application()
