"""The key is looked for in everything that leaves the app: also encoded, and in a log that is too long to be kept."""

import base64
import os

import pytest

from classroom.s3 import S3Mock
from grader.collect.canary import forms
from grader.sandbox.job import Listener

KEY = "sk-" + "canary-k3Jq9Lm2Xv7Rt5Bn8Wc4Hd6Fs1Gy0Pa"


@pytest.mark.parametrize("before", ["", "a", "ab", "api:", "Bearer "])
def test_a_key_in_base64_is_recognised_wherever_in_a_text_it_begins(before):
    written = base64.b64encode(f"{before}{KEY}, and more".encode()).decode()
    assert any(form in written for form in forms(KEY))


def test_a_key_in_hexadecimal_is_recognised():
    assert any(form in KEY.encode().hex() for form in forms(KEY))


def test_what_is_printed_first_is_looked_through_though_only_the_end_is_kept():
    theirs, ours = os.pipe()
    listener = Listener(theirs, 100, "last")
    listener.seek((KEY.encode(),))
    with open(ours, "wb", buffering=0) as out:
        for part in (KEY[:7].encode(), KEY[7:].encode(), b"line\n" * 5000):
            out.write(part)
    listener.settle()
    assert listener.found
    assert KEY.encode() not in listener.content


def test_metadata_and_tags_of_an_object_are_seen():
    with S3Mock("leaks") as s3:
        s3.client().put_object(Bucket="leaks", Key="a", Body=b"", Metadata={"by": "ada"}, Tagging="of=class")
        [stored] = [one for one in s3.objects() if one.bucket == "leaks"]
    assert "ada" in stored.metadata.values()
    assert stored.metadata["of"] == "class"
