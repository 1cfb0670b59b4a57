"""Apps of one route, as answers return them."""

from fastapi import FastAPI


def app_with(route, path="/v1/words", method="post", **options):
    app = FastAPI()
    getattr(app, method)(path, **options)(route)
    return app
