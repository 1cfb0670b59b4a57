"""A Django project's tests are run as `manage.py test` runs them."""

import pytest

from grader.collect.code.django_suite import usual_suite
from grader.collect.suites import suite
from grader.sandbox import Sandbox
from grader.submission import open_submission

FILES = {
    "manage.py": 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_of.settings")\n',
    "site_of/__init__.py": "",
    "site_of/settings.py": """
SECRET_KEY = "made for a test"
ROOT_URLCONF = "site_of.urls"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "site.sqlite3"}}
""",
    "site_of/urls.py": """
from django.http import JsonResponse
from django.urls import path

urlpatterns = [path("lines/", lambda request: JsonResponse({"line": "hello"}, status=201))]
""",
    "shop/__init__.py": "",
    "shop/tests.py": """
from django.contrib.auth.models import User
from django.test import SimpleTestCase, TestCase, tag


class Pages(SimpleTestCase):
    def test_a_line(self):
        self.assertEqual(self.client.post("/lines/").status_code, 201)

    @tag("live")
    def test_against_the_real_api(self):
        self.fail("it was not to be run")


class Members(TestCase):
    def test_one(self):
        User.objects.create(username="ada")
        self.assertEqual(User.objects.count(), 1)

    def test_another(self):
        self.assertEqual(User.objects.count(), 0)
""",
}
MAKEFILE = {"Makefile": "test:\n\tpython manage.py test --exclude-tag=live\n"}
PREPARED = {"pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = site_of.settings\n"}


def write(place, files):
    for name, text in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)


@pytest.mark.parametrize(
    ("more", "passed", "failed"), [(MAKEFILE, 3, 0), ({}, 3, 1)], ids=["as a Makefile says", "as is usual"]
)
def test_they_run_with_settings_databases_and_tags(more, passed, failed, tmp_path):
    write(tmp_path / "work", {**FILES, **more})
    with (
        open_submission(str(tmp_path / "work"), tier="process") as submission,
        Sandbox("process", work=submission.root) as sandbox,
    ):
        run = suite.run(submission, sandbox, (submission.root,))
    assert (run.passed, run.failed) == (passed, failed)
    assert not (tmp_path / "work/site.sqlite3").exists()


@pytest.mark.parametrize(("more", "applies"), [({}, True), (PREPARED, False)])
def test_pytest_that_is_prepared_for_django_is_left_alone(more, applies, tmp_path):
    write(tmp_path, {**FILES, **more})
    assert (usual_suite(tmp_path) is not None) == applies
