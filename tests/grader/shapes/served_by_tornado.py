"""Tornado: an application of its own kind, which only its script has listen; the prompt is an argument of a form."""

import json
import os

import tornado.ioloop
import tornado.web
from making import text


class Health(tornado.web.RequestHandler):
    def get(self):
        self.write("up")


class Epitaph(tornado.web.RequestHandler):
    def initialize(self, most):
        self.most = most

    def post(self):
        given = json.loads(self.request.body)
        if len(given["hero"]) > self.most:
            raise tornado.web.HTTPError(422)
        self.write({"key": text(given["hero"])})


def make():
    return tornado.web.Application(
        [(r"/", Health), (r"/api/epitaphs", Epitaph, {"most": 5000})], debug=True, autoreload=False
    )


if __name__ == "__main__":
    served = make()
    served.listen(int(os.environ.get("EPITAPH_PORT", "8123")))
    tornado.ioloop.IOLoop.current().start()
