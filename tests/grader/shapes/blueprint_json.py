"""Flask; a blueprint with a prefix; no document; one field is checked in the code."""

from flask import Blueprint, Flask, jsonify, request
from making import speech

sounds = Blueprint("sounds", __name__)


@sounds.route("/read-aloud", methods=["POST"])
def read_aloud():
    data = request.get_json()
    spoken = data.get("input_text", "")
    if not spoken:
        return jsonify(error="input_text is required"), 400
    if data.get("pace") not in ("slow", "brisk"):
        return jsonify(error="pace must be one of: slow, brisk"), 400
    return jsonify(key=speech(spoken))


def create_app():
    app = Flask(__name__)
    app.register_blueprint(sounds, url_prefix="/api/v2")
    return app
