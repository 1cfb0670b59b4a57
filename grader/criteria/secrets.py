"""secrets.*: the key comes from the environment and goes nowhere but to OpenAI."""

from grader.criteria.criterion import NOTHING_WORKS, Section, Verdict, failed, not_run, passed
from grader.evidence import Evidence
from grader.messages import joined, sentence, term

_SECTION = Section("secrets")
_KEY = "(the key)"  # written in its place, wherever evidence quotes what an app printed
_LONGEST_LINE = 120  # characters of a log's line


@_SECTION.criterion(
    "not_in_code",
    "No credential is in any file, notebook output or commit",
    "Taking it out of the file is not enough once it was committed: withdraw the key, and make a new one.",
)
def not_in_code(evidence: Evidence) -> Verdict:
    scans = evidence.scans
    if not scans.files:
        return not_run(sentence("There was no file to look through."))
    if scans.secrets:
        shown = [
            sentence("{kind} ({shown}) in {place}", kind=term(one.kind), shown=one.shown, place=one.where)
            for one in scans.secrets[:3]
        ]
        found, more = joined(shown, "; "), len(scans.secrets) - 3
        if more > 0:
            return failed(sentence("Found: {found}, and {count} more.", found=found, count=more))
        return failed(sentence("Found: {found}.", found=found))
    if scans.history_trouble:
        return not_run(
            sentence(
                "No credential in {count} files, but not every commit could be read: {trouble}. A person has to look.",
                count=scans.files,
                trouble=scans.history_trouble,
            )
        )
    if scans.history:
        return passed(sentence("No credential in {count} files and the whole history.", count=scans.files))
    return passed(sentence("No credential in {count} files.", count=scans.files))


@_SECTION.criterion(
    "from_environment",
    "The key that reaches OpenAI is the one in the environment",
    "Where does your OpenAI client get its key? OpenAI() alone reads OPENAI_API_KEY.",
)
def from_environment(evidence: Evidence) -> Verdict:
    calls = [call for call in evidence.calls if call.key is not None]
    if not calls:
        return not_run(NOTHING_WORKS)
    others = [call for call in calls if call.key != evidence.canary_fingerprint]
    if others:
        return failed(
            sentence(
                "{count} of {all} calls came with another key than the one in the environment. Expected: the value of "
                "OPENAI_API_KEY.",
                count=len(others),
                all=len(calls),
            ),
            tuple(call.id for call in others[:5]),
        )
    message = sentence("All {count} calls came with the key that the app was given.", count=len(calls))
    return passed(message, (calls[0].id,))


@_SECTION.criterion(
    "not_leaked",
    "The key is in no answer, log line or stored file",
    "Search for what you print, log and return when something goes wrong: exceptions and settings may hold the key.",
)
def not_leaked(evidence: Evidence) -> Verdict:
    if not evidence.exchanges:
        return not_run(sentence("Depends on the app having started."))
    if evidence.canary_seen and (line := _printed(evidence.app.log)):
        return failed(
            sentence(
                "The key was seen in {places}, for example: “{line}”. Expected: nowhere but at OpenAI.",
                places=joined([term(place) for place in evidence.canary_seen[:3]], "; "),
                line=line,
            )
        )
    if evidence.canary_seen:
        return failed(
            sentence(
                "The key was seen in {places}. Expected: nowhere but at OpenAI.",
                places=joined([term(place) for place in evidence.canary_seen[:3]], "; "),
            )
        )
    if not any(call.key == evidence.canary_fingerprint for call in evidence.calls):
        return not_run(sentence("Depends on the app using its key: no call came to OpenAI with it."))
    return passed(
        sentence(
            "The key was in none of {count} answers, nor in the log, nor in a stored file.",
            count=len(evidence.exchanges),
        )
    )


def _printed(log: str) -> str:
    """The part of the first line of a log that shows the key, which evidence has in words; empty if none shows it plainly."""
    line = next((each.strip() for each in log.splitlines() if _KEY in each), "")
    at = max(0, line.find(_KEY) + len(_KEY) - _LONGEST_LINE)
    return (
        f"{'… ' if at else ''}{line[at : at + _LONGEST_LINE]}{' …' if len(line) > at + _LONGEST_LINE else ''}"
    )


@_SECTION.criterion(
    "ignored_by_git",
    "A .env file would not be committed",
    "One line in .gitignore is enough. Does git status still show your .env?",
)
def ignored_by_git(evidence: Evidence) -> Verdict:
    tracked = evidence.scans.tracked_env
    if tracked:
        return failed(
            sentence(
                "git keeps {file}: it was committed, and .gitignore has no say over what is. Take it out with git rm --cached "
                "{file}, and withdraw the keys in it.",
                file=tracked[0],
            )
        )
    ignored = evidence.scans.env_is_ignored
    if ignored is None:
        return not_run(sentence("git is not installed here, so it could not be asked."))
    if not ignored:
        return failed(
            sentence(
                "git would commit a file named .env in the submission's folder. Expected: a line .env in its .gitignore."
            )
        )
    return passed(sentence("git ignores a file named .env."))


CRITERIA = _SECTION.criteria
