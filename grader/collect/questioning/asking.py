"""Puts every question to a running app: what it generates, bad input, and failures of OpenAI and of S3."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard

from grader import openai_module
from grader.assignment import asking as own_questions
from grader.bad_input import LAST
from grader.collect.code import locating, services
from grader.collect.code.elsewhere import host_of_client
from grader.collect.exchange.session import Session
from grader.collect.finding import compared, login
from grader.collect.finding.callers_own import callers_own
from grader.collect.finding.discovery import LOOKING, ask_declared
from grader.collect.finding.naming import with_names
from grader.collect.finding.search import Search
from grader.collect.finding.served import Served
from grader.collect.finding.type_inputs import settle_types
from grader.collect.questioning import module_questions, probes
from grader.collect.questioning.questions import Question, ordinary, put_in_any_order, validation
from grader.collect.start.launching import Launch
from grader.collect.start.setting import Part, Setting
from grader.evidence import Exchange, Kind, Miss, Offer, Probe, a_file
from grader.operations import Operation
from grader.upstream_failures import slow_injections


@dataclass(frozen=True)
class Asked:
    """What an app generates, requests that came near to it, and the questions that were put; `left`: those that come last.

    `needs`: the service that it asked for in vain wherever it failed, such as "Redis"; empty if there is none. `login`: how
    the grader registered and logged in, in a report's words; empty if it did not. `is_stuck`: whether whatever it is asked to
    generate waits for a service that is not here, so that nothing more was asked.
    """

    offers: Sequence[Offer]
    misses: Sequence[Miss]
    probes: Sequence[Probe]
    needs: str = ""
    login: str = ""
    left: Sequence[Question] = ()
    is_stuck: bool = False


@dataclass(frozen=True)
class _Generating:
    """What an app generates. `naming`: for a kind whose offer names no file, another operation that does."""

    offers: Sequence[Offer]
    misses: Sequence[Miss] = ()
    naming: Mapping[Kind, Offer] = field(default_factory=dict)
    login: str = ""


NOTHING_ASKED = Asked((), (), ())


def ask(
    setting: Setting,
    session: Session,
    served: Served,
    *,
    launched: Launch,
    so_far: Callable[[Part, Asked], None] = lambda part, asked: None,
) -> Asked:
    """Everything that an app answers at once.

    Args:
        launched: how it was started.
        so_far: called with what was asked whenever a part of the criteria is settled.
    """
    with setting.clock.phase("find what generates"):
        generating = _find(setting, session, served, launched)
        found = [one for one in served.documented() if not openai_module.belongs(one.path)]
        offers = generating.offers
    asked: list[Probe] = []
    with setting.clock.phase("generate"):
        for offer in offers:
            made = probes.generate(session, offer)
            asked += (made, probes.fetch_file(session, offer, made, found))
    with setting.clock.phase("send bad input"):
        is_stuck = _is_stuck(session, offers)
        questions = [] if is_stuck else _questions(setting, generating)
        asked.extend(put_in_any_order(session, [one for one in questions if not _comes_last(one)]))
    for offer in offers if setting.wants("endpoint.") else ():
        asked.extend(probes.fetch_again(session, offer, list(asked)))
    so_far("input", Asked(offers, generating.misses, tuple(asked), login=generating.login))
    if setting.assignment:
        with setting.clock.phase("ask what the assignment asks"):
            asked.extend(own_questions.ask(session, setting.assignment.declared, offers))
    with setting.clock.phase("let OpenAI and S3 fail"):
        for offer in offers if setting.wants("errors.") and not is_stuck else ():
            asked.extend(probes.errors(session, offer))
    so_far("failures", Asked(offers, generating.misses, tuple(asked), login=generating.login))
    return Asked(
        offers,
        generating.misses,
        asked,
        _needed(setting.submission.root, session, generating, launched),
        generating.login,
        [one for one in questions if _comes_last(one)],
        is_stuck,
    )


def _is_stuck(session: Session, offers: Sequence[Offer]) -> bool:
    """Whether no ordinary request for any kind was answered, and each waited for a service that is not here."""
    kinds = {f"generate {a_file(offer.kind)}" for offer in offers}
    made = [one for one in session.exchanges if one.purpose in kinds]
    return bool(made) and all(one.status is None and services.unanswered(one.log) for one in made)


def ask_last(setting: Setting, session: Session, left: Sequence[Question]) -> list[Probe]:
    """The questions over which an app may stay busy: what it does afterwards would say nothing of it."""
    with setting.clock.phase("send bad input") if left else nullcontext():
        return put_in_any_order(session, left)


def _comes_last(one: Question | Probe) -> TypeGuard[Question]:
    return isinstance(one, Question) and one.criterion in LAST


def ask_in_silence(setting: Setting, session: Session, offers: Sequence[Offer]) -> list[Probe]:
    """What takes time and little work: what the app does about a silent OpenAI and a slow S3."""
    asked: list[Probe] = []
    with (
        setting.clock.phase("let OpenAI stay silent, and S3 take its time"),
        setting.patience() if setting.patience else nullcontext(),
    ):
        for criterion, injected in slow_injections() if offers else ():
            if setting.wants(criterion):
                asked.extend(probes.slow_errors(session, offers, criterion, injected))
    return asked


def ask_module(setting: Setting, session: Session, found: Sequence[Operation]) -> list[Probe]:
    """The questions on the optional OpenAI module, if the app has one."""
    paths = [one.path for one in found if openai_module.belongs(one.path)]
    if not paths or not setting.wants("module."):
        return []
    with setting.clock.phase("ask the OpenAI module"):
        prefix = min(paths, key=len).partition(openai_module.BASE)[0]
        return list(module_questions.ask(session, prefix))


def _find(setting: Setting, session: Session, served: Served, launched: Launch) -> _Generating:
    """What the app generates: as its manifest declares it, or as a search finds it."""
    stated = setting.assignment.declared.operation if setting.assignment else ()
    found = [one for one in served.documented() if not openai_module.belongs(one.path)]
    offers = ask_declared(session, setting.submission.manifest.endpoint, found)
    offers = offers or ask_declared(session, stated, found, LOOKING)
    root = setting.submission.root
    if offers or stated:
        return _Generating(locating.locate(offers, root, launched.files))
    own = callers_own(session.openai.base_url)
    search = Search(session, found, served.undocumented, served.names, given=own)
    offers, transcript = settle_types(search.offers()), ""
    # what generates without any words of ours may be beside what a person would ask
    asked = any(offer.prompt_input for offer in offers)
    every = found if asked else [*found, *served.undocumented()]
    if not asked and (choosing := compared.with_choices(every, root, launched.files)):
        closer = Search(session, choosing, names=served.names)
        better = settle_types(closer.offers())
        if any(offer.prompt_input for offer in better) or (better and not offers):
            offers, search = better, closer
    if not offers:
        after = _log_in(session, served, launched)
        transcript = after.transcript
        if after.presented is not None:
            session.presented = after.presented
            served.look_again()
            found = [one for one in served.documented() if not openai_module.belongs(one.path)]
            search = Search(session, found, served.undocumented, served.names, given={**own, **after.given})
            offers = settle_types(search.offers())
    offers = with_names(session, offers, found)
    return _Generating(
        locating.locate(offers, root, launched.files), search.misses(), search.naming(), transcript
    )


def _log_in(session: Session, served: Served, launched: Launch) -> login.Login:
    """What an app hands out to those who register and log in; nothing where no operation takes a password."""
    every = [*served.documented(), *served.undocumented()]
    if not any(map(login.takes_a_password, every)):
        return login.Login()
    return login.log_in(session, every, launched.accounts, launched.document, served.names())


def _needed(root: Path, session: Session, generating: _Generating, launched: Launch) -> str:
    """The service that the app asked for in vain wherever it failed over words of ours; empty if it failed otherwise."""
    if launched.secret and not generating.offers:
        return f"the secret of its container, {launched.secret},"
    answers = {one.id: one for one in session.exchanges}
    if not generating.offers and (elsewhere := _asked_elsewhere(root, session)):
        return elsewhere
    if not generating.offers and (named_at_once := _named_by_itself(session.exchanges)):
        return named_at_once
    near = [answers[miss.exchange] for miss in generating.misses if miss.prompt]
    near += [answers[offer.exchange] for offer in generating.offers]
    failing = [one for one in near if one.status is None or one.status >= 500 or _admits(one.body)]
    needed = [
        services.missing_service(one.log, launched.offered_database)
        or services.missing_service(one.body, launched.offered_database)
        # a client that goes on asking for its service keeps its app from answering at all; others hide what it says
        or (services.unanswered(one.log) if one.status is None or not generating.offers else "")
        for one in failing
    ]
    if needed and all(needed):
        return needed[0]
    unheard = [one for one in failing if services.is_unreachable(f"{one.log}\n{one.body}")]
    if not unheard or len(unheard) < len(failing):
        return ""
    named = [host for one in unheard for host in services.hosts_named(f"{one.log}\n{one.body}")]
    return host_of_client(root) or (f"the host {named[0]}" if named else "a host of the network")


def _asked_elsewhere(root: Path, session: Session) -> str:
    """The host of another service that the code gives its client, if the app asked there in vain, whatever it answered."""
    host, printing = host_of_client(root), session.printing
    asked = services.hosts_unanswered(printing.log_since(0)) if host and printing else ()
    return host if host and host in asked else ""


def _named_by_itself(exchanges: Sequence[Exchange]) -> str:
    """What an app that took our words says it could not ask, with whatever status; empty if none says so."""
    said = next((one.body for one in exchanges if one.purpose == LOOKING and _admits(one.body)), "")
    hosts = services.hosts_named(said)
    return services.missing_sign_in(said) or (f"the host {hosts[0]}" if hosts else "")


def _admits(body: str) -> bool:
    """Whether an answer that claims success says that a host elsewhere, or a cloud, could not be asked."""
    unheard = services.is_unreachable(body) and services.hosts_named(body)
    return bool(unheard or services.missing_sign_in(body))


def _questions(setting: Setting, generating: _Generating) -> list[Question | Probe]:
    """What is asked of every kind in any order: ordinary requests among those that are to be refused."""
    questions: list[Question | Probe] = []
    for offer in generating.offers:
        if setting.wants("validation."):
            questions.extend(validation(offer, generating.naming.get(offer.kind)))
        if setting.wants("endpoint."):
            questions.extend(ordinary(offer))
    return questions
