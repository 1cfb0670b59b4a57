"""Flask; a class of views, added by a rule; the prompt in a form."""

from flask import Flask, request
from flask.views import MethodView
from making import text

app = Flask(__name__)


class Stories(MethodView):
    def post(self):
        about = request.form.get("about")
        if not about:
            return "Please fill in the field about.", 400
        return {"key": text(about)}


app.add_url_rule("/stories/", view_func=Stories.as_view("stories"))
