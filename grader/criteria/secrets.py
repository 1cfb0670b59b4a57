"""secrets.*: the key comes from the environment and goes nowhere but to OpenAI."""

from grader.criteria.criterion import NOTHING_WORKS, Section, Verdict, failed, not_run, passed
from grader.evidence import Evidence

_SECTION = Section("secrets")


@_SECTION.criterion(
    "not_in_code",
    "No credential is in any file, notebook output or commit",
    "Taking it out of the file is not enough once it was committed: withdraw the key, and make a new one.",
)
def not_in_code(evidence: Evidence) -> Verdict:
    scans = evidence.scans
    if not scans.files:
        return not_run("There was no file to look through.")
    if scans.secrets:
        found = [f"{one.kind} ({one.shown}) in {one.where}" for one in scans.secrets[:3]]
        more = f", and {len(scans.secrets) - 3} more" if len(scans.secrets) > 3 else ""
        return failed(f"Found: {'; '.join(found)}{more}.")
    if scans.history_trouble:
        return not_run(
            f"No credential in {scans.files} files, but not every commit could be read: {scans.history_trouble}. A person "
            "has to look."
        )
    where = f"{scans.files} files" + (" and the whole history" if scans.history else "")
    return passed(f"No credential in {where}.")


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
            f"{len(others)} of {len(calls)} calls came with another key than the one in the environment. Expected: the value of "
            "OPENAI_API_KEY.",
            tuple(call.id for call in others[:5]),
        )
    return passed(f"All {len(calls)} calls came with the key that the app was given.", (calls[0].id,))


@_SECTION.criterion(
    "not_leaked",
    "The key is in no answer, log line or stored file",
    "Search for what you print, log and return when something goes wrong: exceptions and settings may hold the key.",
)
def not_leaked(evidence: Evidence) -> Verdict:
    if not evidence.exchanges:
        return not_run("Depends on the app having started.")
    if evidence.canary_seen:
        return failed(
            f"The key was seen in {'; '.join(evidence.canary_seen[:3])}. Expected: nowhere but at OpenAI."
        )
    if not any(call.key == evidence.canary_fingerprint for call in evidence.calls):
        return not_run("Depends on the app using its key: no call came to OpenAI with it.")
    return passed(
        f"The key was in none of {len(evidence.exchanges)} answers, nor in the log, nor in a stored file."
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
            f"git keeps {tracked[0]}: it was committed, and .gitignore has no say over what is. Take it out with "
            f"git rm --cached {tracked[0]}, and withdraw the keys in it."
        )
    ignored = evidence.scans.env_is_ignored
    if ignored is None:
        return not_run("git is not installed here, so it could not be asked.")
    if not ignored:
        return failed(
            "git would commit a file named .env in the submission's folder. Expected: a line .env in its .gitignore."
        )
    return passed("git ignores a file named .env.")


CRITERIA = _SECTION.criteria
