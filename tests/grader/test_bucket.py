"""A class in a bucket, graded by a cluster that keeps what it saw there, too."""

import shutil
from pathlib import Path

from distributed import LocalCluster

from grader import rubric
from grader.batch import discovery, intake, run
from grader.batch.run import Plan
from tests.grader import downloads
from tests.grader.batches import Quiet, rows_of

HONEST = Path(__file__).parents[1] / "hostile" / "honest"


def test_submissions_in_a_bucket_are_gathered_as_in_a_folder(s3_mock, s3_bucket):
    client = s3_mock.client()
    for name, content in downloads.canvas(downloads.a_class()).items():
        client.put_object(Bucket=s3_bucket, Key=f"class/{name}", Body=content)
    client.put_object(Bucket=s3_bucket, Key="class/../evil_1_9_x.py", Body=b"x")
    found = discovery.sort_out(f"s3://{s3_bucket}/class")
    whole = intake.account(found, {})
    assert whole.files == len(whole.lines) == 12
    assert len(found.submissions) == 9
    [loose] = [one for one in found.submissions if one.label.number == "103"]
    assert sorted(name for name, _ in loose.files) == ["main.py", "test_main.py"]


def test_a_platform_s_zip_in_a_bucket_is_taken_apart(s3_mock, s3_bucket, tmp_path):
    content = downloads.packed(downloads.canvas(downloads.a_class()))
    s3_mock.client().put_object(Bucket=s3_bucket, Key="moodle.zip", Body=content)
    found = discovery.sort_out(f"s3://{s3_bucket}/moodle.zip", tier="process", keep=tmp_path)
    assert len(found.submissions) == 9


def test_a_cluster_grades_what_lies_in_a_bucket_and_keeps_it_there(s3_mock, s3_bucket, tmp_path):
    client = s3_mock.client()
    shutil.copytree(HONEST, tmp_path / "grace", ignore=shutil.ignore_patterns("tests"))
    packed = shutil.make_archive(str(tmp_path / "grace"), "zip", tmp_path / "grace")
    client.upload_file(packed, s3_bucket, "class/grace.zip")
    client.put_object(Bucket=s3_bucket, Key="class/eve/report.pdf", Body=b"%PDF-1.7")
    with LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as cluster:
        plan = Plan(
            where=f"s3://{s3_bucket}/class",
            out=tmp_path / "out",
            rubric=rubric.read(),
            tier="process",
            dask=cluster.scheduler_address,
            evidence=f"s3://{s3_bucket}/seen",
        )
        rows = run.batch(plan, Quiet(), lambda text: None)
        assert {row.submission: row.state for row in rows} == {"grace": "graded", "eve": "ungradable"}
        assert next(row for row in rows if row.report).score
        assert len([one for one in s3_mock.objects() if one.key.startswith("seen/")]) == 2
        watcher = Quiet()
        again = run.batch(plan, watcher, lambda text: None)
    assert watcher.names == []
    assert {row.submission: row.score for row in again} == {row.submission: row.score for row in rows}
    assert {line["taken"] for line in rows_of(tmp_path / "out" / "intake.csv")} == {"taken", "left out"}
