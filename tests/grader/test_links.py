"""What an answer calls an address is one."""

import pytest

from grader.collect.exchange.job_addresses import links_in


@pytest.mark.parametrize(
    ("body", "links"),
    [
        ('{"url": "/files/a.txt"}', ["/files/a.txt"]),
        ('{"links": {"self": "/files/a.txt"}, "downloadUrl": "/d/a"}', ["/d/a", "/files/a.txt"]),
        ('{"path": "/files/a.txt", "key": "/a.txt", "curl": "/a"}', []),
        ('{"url": "https://elsewhere/a.txt"}', []),
        ("a page", []),
    ],
)
def test_a_path_is_a_link_where_its_name_says_so(body, links):
    assert links_in(body) == links
