"""The proxy's tables. Money is in billionths of a dollar, moments are seconds since 1970 in UTC."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
)

metadata = MetaData()

events = Table(
    "events",
    metadata,
    Column("code", String(64), primary_key=True),
    Column("starts", Float, nullable=False),
    Column("ends", Float, nullable=False),
    Column("zone", String(64), nullable=False),
    Column("open", Boolean, nullable=False),
    Column("models", Text, nullable=False),  # JSON: deployment → upstream's model
    Column("max_tokens", Integer),
    Column("daily_requests", Integer),
    Column("learner_budget", BigInteger),
    Column("event_budget", BigInteger),
    Column("organization", String(128)),
    Column("project", String(128)),
    Column("keeps_prompts", Boolean, nullable=False),
    Column("self_registration", Boolean, nullable=False),
    Column("most_attendees", Integer, nullable=False, server_default="40"),
    Column("names_per_hour", Integer, nullable=False, server_default="40"),
    Column("allows", Text, nullable=False, server_default=""),  # words with spaces between
    Column("salt", String(32), nullable=False, server_default=""),
    Column("text", Text, nullable=False, server_default=""),  # what the join page says of the event
    Column("paused", Boolean, nullable=False, server_default=false()),
    Column("spent", BigInteger, nullable=False, server_default="0"),
    Column("reserved", BigInteger, nullable=False, server_default="0"),
)

attendees = Table(
    "attendees",
    metadata,
    Column("event", String(64), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("secret", String(64)),  # its SHA-256; none in open events
    Column("day", String(10), nullable=False, server_default=""),
    Column("requests", Integer, nullable=False, server_default="0"),  # on that day
    Column("spent", BigInteger, nullable=False, server_default="0"),
    Column("reserved", BigInteger, nullable=False, server_default="0"),
    Column("email", String(254), nullable=False, server_default=""),  # in small letters
)

# codes that were sent by e-mail, until one is used or its time is over
mailed = Table(
    "mailed",
    metadata,
    Column("asker", String(64), primary_key=True),  # SHA-256 of the cookie of who asked
    Column("event", String(64), nullable=False),
    Column("name", String(128), nullable=False),  # empty where nobody has that address
    Column("digest", String(64), nullable=False),  # of the code, by the cookie
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("at", Float, nullable=False),
    Index("mailed_by_name", "event", "name"),
)

calls = Table(
    "calls",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("event", String(64), nullable=False),
    Column("attendee", String(128), nullable=False),
    Column("route", String(64), nullable=False),
    Column("model", String(128), nullable=False),
    Column("day", String(10), nullable=False),
    Column("at", Float, nullable=False),
    Column("state", String(16), nullable=False),  # open, settled, failed, abandoned
    Column("owner", String(32), nullable=False),
    Column("expires", Float, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("cost", BigInteger, nullable=False, server_default="0"),
    Column("input_tokens", Integer, nullable=False, server_default="0"),
    Column("output_tokens", Integer, nullable=False, server_default="0"),
    Column("status", Integer),
    Column("prompt", Text),
    Index("calls_by_event", "event", "attendee"),
    Index("calls_open", "state", "expires"),
)

# what the upstream stored, and for whom; a stand-in gives the same identifier to the same request of two attendees
identifiers = Table(
    "identifiers",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("event", String(64), primary_key=True),
    Column("attendee", String(128), primary_key=True),
    Column("tokens", Integer, nullable=False),  # that it adds to a prompt which names it
    Column("at", Float, nullable=False),
    Column("upstream", String(64), nullable=False, server_default=""),  # the name of the one that stored it
    Index("identifiers_by_age", "at"),
)

# files of requests for batches, as they were read and priced when they came
batch_files = Table(
    "batch_files",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("event", String(64), primary_key=True),
    Column("attendee", String(128), primary_key=True),
    Column("terms", String(64), nullable=False),  # a digest of the event's terms by which it was read
    Column("endpoint", String(64), nullable=False),
    Column("asked", String(128), nullable=False),  # the model's name for the learner
    Column("model", String(128), nullable=False),  # the upstream's
    Column("lines", Text, nullable=False),  # JSON: custom_id → billionths of a dollar, at most
    Column("at", Float, nullable=False),
)

# batches, each with the call that reserved its cost
batches = Table(
    "batches",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("event", String(64), primary_key=True),
    Column("attendee", String(128), primary_key=True),
    Column("call", String(32), nullable=False),
    Column("day", String(10), nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("endpoint", String(64), nullable=False),
    Column("model", String(128), nullable=False),
    Column("lines", Text, nullable=False),
    Column("upstream", String(64), nullable=False),
    Column("state", String(16), nullable=False),  # open, settled
    Column("at", Float, nullable=False),
    Index("batches_open", "state", "at"),
)

# what this proxy refused by itself; what the upstream refused is in `calls`
refused = Table(
    "refused",
    metadata,
    Column("event", String(64), primary_key=True),
    Column("day", String(10), primary_key=True),  # in the event's zone
    Column("reason", String(64), primary_key=True),  # the code of the error
    Column("count", Integer, nullable=False),
)

# the instructor's sign-ins, good at every proxy on this database
sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),  # SHA-256 of the cookie
    Column(
        "mark", String(64), nullable=False
    ),  # HMAC of the password, by the cookie: another password ends it
    Column("expires", Float, nullable=False),
)
