"""unittest's own TestCase, Django's own client, both services replaced by mocks."""

import os
from unittest import mock

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
import django

django.setup()

import httpx2
import openai
from django.test import Client, SimpleTestCase
from shop import views


class Texts(SimpleTestCase):
    def setUp(self):
        self.store, self.client = mock.Mock(), Client()
        for patch in (
            mock.patch.dict(os.environ, S3_BUCKET_NAME="shelf"),
            mock.patch.object(views, "store", return_value=self.store),
            mock.patch.object(views.openai, "OpenAI"),
        ):
            mocked = patch.start()
            self.addCleanup(patch.stop)
        self.create = mocked.return_value.responses.create
        self.create.return_value.output_text = "# A fox"

    def post(self, **order):
        return self.client.post("/api/texts/", order, content_type="application/json")

    def test_it_writes(self):
        self.assertEqual(self.post(prompt="a fox", title="fox").status_code, 201)
        self.assertEqual(self.create.call_args.kwargs["input"], "a fox")
        self.store.put_object.assert_called_once_with(
            Bucket="shelf", Key="texts/fox.md", Body=b"# A fox", ContentType="text/markdown; charset=utf-8"
        )

    def test_it_refuses(self):
        for order in ({}, {"prompt": " ", "title": "a"}, {"prompt": "a", "title": "../a"}, {"prompt": "a"}):
            self.assertEqual(self.post(**order).status_code, 400)
        self.create.assert_not_called()

    def test_it_says_what_went_wrong(self):
        request = httpx2.Request("POST", "http://x")
        for error, status in (
            (openai.APITimeoutError(request=request), 504),
            (openai.APIConnectionError(request=request), 502),
        ):
            self.create.side_effect = error
            self.assertEqual(self.post(prompt="a fox", title="fox").status_code, status)
        self.store.put_object.assert_not_called()
