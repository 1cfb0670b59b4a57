"""Puts every question to a running app: what it generates, bad input, and failures of OpenAI and of S3."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from grader import openai_module
from grader.collect import locating, module_questions, probes
from grader.collect.discovery import declared
from grader.collect.questions import Question, ordinary, put_in_any_order, validation
from grader.collect.search import Search
from grader.collect.served import Served
from grader.collect.session import Session
from grader.collect.setting import Setting
from grader.evidence import Miss, Offer, Probe
from grader.operations import Operation


@dataclass(frozen=True)
class Asked:
    """What an app generates, requests that came near to it, and the questions that were put."""

    offers: Sequence[Offer]
    misses: Sequence[Miss]
    probes: Sequence[Probe]


NOTHING_ASKED = Asked((), (), ())


def ask(setting: Setting, session: Session, served: Served) -> Asked:
    """Everything that an app answers at once."""
    found = [one for one in served.documented() if not openai_module.belongs(one.path)]
    with setting.clock.phase("find what generates"):
        offers, misses = _find(setting, session, served, found)
    asked: list[Probe] = []
    with setting.clock.phase("generate"):
        for offer in offers:
            made = probes.generate(session, offer)
            asked += (made, probes.served(session, offer, made, found))
    with setting.clock.phase("send bad input"):
        asked.extend(put_in_any_order(session, _questions(setting, offers)))
    with setting.clock.phase("let OpenAI and S3 fail"):
        for offer in offers if setting.wants("errors.") else ():
            asked.extend(probes.errors(session, offer))
    return Asked(offers, misses, asked)


def ask_in_silence(setting: Setting, session: Session, offers: Sequence[Offer]) -> list[Probe]:
    """What takes time and little work: what the app does about a silent OpenAI and a slow S3."""
    asked: list[Probe] = []
    with (
        setting.clock.phase("let OpenAI stay silent, and S3 take its time"),
        setting.patience() if setting.patience else nullcontext(),
    ):
        if offers and setting.wants("errors.timeout"):
            asked.extend(probes.timeouts(session, offers))
        if offers and setting.wants("errors.storage_down"):
            asked.extend(probes.slow_storage(session, offers))
    return asked


def ask_module(setting: Setting, session: Session, found: Sequence[Operation]) -> list[Probe]:
    """The questions on the optional OpenAI module, if the app has one."""
    paths = [one.path for one in found if openai_module.belongs(one.path)]
    if not paths or not setting.wants("module."):
        return []
    with setting.clock.phase("ask the OpenAI module"):
        prefix = min(paths, key=len).partition(openai_module.BASE)[0]
        return list(module_questions.ask(session, prefix))


def _find(
    setting: Setting, session: Session, served: Served, found: list[Operation]
) -> tuple[Sequence[Offer], Sequence[Miss]]:
    """What the app generates: as its manifest declares it, or as a search finds it."""
    offers = declared(session, setting.submission.manifest.endpoint, found)
    misses: Sequence[Miss] = ()
    if not offers:
        search = Search(session, found, served.undocumented, served.names)
        offers, misses = search.offers(), search.misses()
    return locating.located(offers, setting.submission.root), misses


def _questions(setting: Setting, offers: Sequence[Offer]) -> list[Question | Probe]:
    """What is asked of every kind in any order: ordinary requests among those that are to be refused."""
    questions: list[Question | Probe] = []
    for offer in offers:
        if setting.wants("validation."):
            questions.extend(validation(offer))
        if setting.wants("endpoint."):
            questions.extend(ordinary(offer))
    return questions
