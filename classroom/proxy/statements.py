"""The statements by which a call is admitted and closed, built once: building one costs more than running it.

A cap is part of the statement that counts: `UPDATE … WHERE requests < cap`. The database lets one such statement after the
other at a row, whichever process it comes from, so that of N+1 at once N are admitted.
"""

from sqlalchemy import BigInteger, BindParameter, and_, bindparam, case, insert, or_, select, update

from classroom.proxy.tables import attendees, calls, events


def _number(name: str) -> BindParameter[int]:
    return bindparam(name, type_=BigInteger)


_MINE = and_(attendees.c.event == bindparam("event_"), attendees.c.name == bindparam("attendee_"))
_TODAY = case((attendees.c.day == bindparam("today"), attendees.c.requests), else_=0)
_WITHIN_BUDGET = or_(
    _number("budget").is_(None),
    attendees.c.spent + attendees.c.reserved + _number("amount") <= _number("budget"),
)
COUNT_ATTENDEE = (
    update(attendees)
    .where(_MINE, or_(_number("cap").is_(None), _number("cap") > _TODAY), _WITHIN_BUDGET)
    .values(day=bindparam("today"), requests=_TODAY + 1, reserved=attendees.c.reserved + _number("amount"))
)
REQUESTS_OF_ATTENDEE = select(_TODAY).where(_MINE)
RESERVE_OF_EVENT = (
    update(events)
    .where(
        events.c.code == bindparam("event_"),
        or_(
            _number("budget").is_(None),
            events.c.spent + events.c.reserved + _number("amount") <= _number("budget"),
        ),
    )
    .values(reserved=events.c.reserved + _number("amount"))
)
OPEN_CALL = insert(calls)
CLOSE_CALL = (
    update(calls)
    .where(calls.c.id == bindparam("id_"), calls.c.state == "open")
    .values(
        state=bindparam("state_"),
        cost=_number("cost_"),
        input_tokens=_number("given"),
        output_tokens=_number("made_"),
        status=_number("status_"),
        prompt=bindparam("prompt_"),
        answer=bindparam("answer_"),
    )
)
# a request that failed is given back, unless another day has begun since
_GIVEN_BACK = case(
    (and_(attendees.c.day == bindparam("today"), attendees.c.requests > 0), _number("back")), else_=0
)
CHARGE_ATTENDEE = (
    update(attendees)
    .where(_MINE)
    .values(
        reserved=attendees.c.reserved - _number("amount"),
        spent=attendees.c.spent + _number("cost_"),
        requests=attendees.c.requests - _GIVEN_BACK,
    )
)
CHARGE_EVENT = (
    update(events)
    .where(events.c.code == bindparam("event_"))
    .values(reserved=events.c.reserved - _number("amount"), spent=events.c.spent + _number("cost_"))
)
