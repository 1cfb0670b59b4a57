"""Kill a review with -9 while somebody types, again and again: all that the server has confirmed has to be in the file.

    python -m tests.killing_reviews [--kills 10]

Letters are typed into a field, as the page's script sends them, and every fifth time a comment or an override is sent. The next
review has to begin where the last one was killed. Takes a minute, and is no part of `make test`.
"""

import argparse
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx

from grader.review import store
from grader.review.decisions import Comment, Override
from tests.grader.reviewed import evidence, results

BIN = Path(sys.executable).parent


class Typist:
    """Somebody at the review's page. `confirmed`: comments and reasons that were sent, and of the field the last text."""

    def __init__(self, place: Path, begun: int) -> None:
        command = [str(BIN / "grader"), "review", str(place), "--isolation", "process"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout
        address = next(line.strip() for line in self.process.stdout if "http://" in line)
        origin, path = re.fullmatch(r"(http://[^/]+)(/.*)", address).groups()
        self.client = httpx.Client(base_url=origin, headers={"origin": origin}, timeout=20)
        self.client.get(path)
        self.base = path.rpartition("/open")[0]
        self.page = re.search(r'href="([^"]+/learner/[^"]+)"', self.client.get(f"{self.base}/").text)[1]
        self.word = re.search(r'name="word" value="([^"]+)"', self.client.get(self.page).text)[1]
        self.number, self.sent, self.typed = begun, list[str](), ""

    def type(self) -> None:
        """Until the review is gone."""
        while True:
            self.number += 1
            words = f"words {self.number} " + "and more of them " * (self.number % 40)
            try:
                if self.number % 5:
                    self._post("draft", field="comment", text=words)
                    self.typed = words.strip()
                elif self.number % 2:
                    self._post("comment", field="other", text=words)
                    self.sent.append(words.strip())
                else:
                    self._post("override", criterion="secrets.ignored_by_git", status="passed", reason=words)
                    self.sent.append(words.strip())
            except httpx.TransportError:
                return

    def _post(self, what: str, **fields: str) -> None:
        answer = self.client.post(f"{self.page.partition('?')[0]}/{what}", data={"word": self.word, **fields})
        assert answer.status_code in (204, 303), (what, answer.status_code, answer.text[:200])

    def kill(self) -> None:
        """At once."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()


def main() -> int:
    """0 if nothing was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    options = parser.parse_args()
    lost = 0
    with tempfile.TemporaryDirectory() as base:
        place = results(Path(base) / "results", evidence("ada"), evidence("bob"))
        sent: list[str] = []
        number = 0
        for kill in range(1, options.kills + 1):
            typist = Typist(place, number)
            hands = threading.Thread(target=typist.type)
            hands.start()
            time.sleep(random.uniform(0.2, 1.5))
            typist.kill()
            hands.join()
            number = typist.number
            sent += typist.sent
            kept = store.read(place)  # whole, or this raises
            there = {
                each.text if isinstance(each, Comment) else each.reason
                for each in kept.decisions
                if isinstance(each, Comment | Override)
            }
            drafts = " ".join(each.text for each in kept.drafts)
            missing = [words for words in sent if words not in {each.strip() for each in there}]
            # what was on its way when it was killed may be there instead
            ahead = f"words {number} "
            if typist.typed and typist.typed not in drafts and ahead not in drafts:
                missing.append(typist.typed)
            lost += len(missing)
            print(
                f"killed {kill}: {len(sent)} decisions confirmed, {len(kept.decisions)} kept; missing: {missing or 'nothing'}",
                flush=True,
            )
        left = [each.name for each in place.iterdir() if each.name.startswith("decisions")]
        print(f"files of decisions: {left}")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
