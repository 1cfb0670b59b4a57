"""Services that an app connects to, by the libraries that do, and by what they print when one is not there."""

import re

from grader.inside.unanswered import LINE

# client library → the service that it connects to
SERVICES = {
    "psycopg": "PostgreSQL",
    "psycopg2": "PostgreSQL",
    "psycopg_pool": "PostgreSQL",
    "asyncpg": "PostgreSQL",
    "pymysql": "MySQL",
    "MySQLdb": "MySQL",
    "aiomysql": "MySQL",
    "mysql": "MySQL",
    "redis": "Redis",
    "pymongo": "MongoDB",
    "motor": "MongoDB",
    "mongoengine": "MongoDB",
    "pymilvus": "Milvus",
    "qdrant_client": "Qdrant",
    "chromadb": "Chroma",
    "weaviate": "Weaviate",
    "elasticsearch": "Elasticsearch",
    "opensearchpy": "OpenSearch",
    "pika": "RabbitMQ",
    "aio_pika": "RabbitMQ",
    "kafka": "Kafka",
    "aiokafka": "Kafka",
    "kombu": "a message broker",
    "neo4j": "Neo4j",
}
REFUSED = re.compile(
    r"(?i)refused|could not connect|unable to connect|failed to connect|connect call failed|can't connect"
    r"|cannot connect|no servers|timed out|timeout|is the server running|connection failed|not connected"
)
UNREACHABLE = re.compile(
    r"(?i)name or service not known|name resolution|getaddrinfo|nodename nor servname|network is unreachable"
    r"|no route to host|max retries exceeded|failed to resolve|could not reach|all connection attempts failed"
    r"|connection error|cannot assign requested address|not permitted"
)

# what a name service says, or the lack of one
_NOT_FOUND = re.compile(
    r"(?i)name or service not known|name resolution|nodename nor servname|gaierror|failed to resolve|network is unreachable"
)
# what the libraries of clouds say where nobody has signed in: https://learn.microsoft.com/python/api/azure-identity and google-auth
_NOT_SIGNED_IN = (
    (
        re.compile(
            r"CredentialUnavailableError|Credential failed to retrieve a token|ManagedIdentityCredential"
        ),
        "a sign-in with Azure",
    ),
    (
        re.compile(r"DefaultCredentialsError|[Yy]our default credentials were not found"),
        "a sign-in with Google Cloud",
    ),
)
_NO_TABLE = re.compile(r"no such table: \w")
_PORTS = {"5432": "PostgreSQL", "3306": "MySQL", "6379": "Redis", "27017": "MongoDB", "5672": "RabbitMQ"}
_CLIENT = re.compile(rf"\b({'|'.join(sorted(SERVICES, key=len, reverse=True))})\.")
_AT_PORT = re.compile(
    rf"(?:localhost|127\.0\.0\.1|\[::1\]|'::1')\D{{1,12}}({'|'.join(_PORTS)})\b|\bport ({'|'.join(_PORTS)})\b"
)


def missing_service(output: str, offered_database: bool = False) -> str:
    """The service that an app could not reach while it answered, by what it printed and answered; empty if there is none.

    Args:
        output: the end of its log, or its answer.
        offered_database: whether a file stands for its database server.
    """
    if offered_database and _NO_TABLE.search(output):
        return "the tables of its database server"
    if sign_in := missing_sign_in(output):
        return sign_in
    for line in reversed(output.splitlines()):
        if not (REFUSED.search(line) or UNREACHABLE.search(line)):
            continue
        if named := _CLIENT.search(line):
            return SERVICES[named[1]]
        if at := _AT_PORT.search(line):
            return _PORTS[at[1] or at[2]]
    return ""


def missing_sign_in(output: str) -> str:
    """The cloud that an app's own machine would be signed in to, by what its library says; empty if there is none."""
    return next((named for pattern, named in _NOT_SIGNED_IN if pattern.search(output)), "")


_UNANSWERED = re.compile(re.escape(LINE).replace(re.escape("{place}"), r"(\S{1,230}):(\w{1,20})"))
_HERE = ("127.", "localhost", "::1", "0.0.0.0")  # noqa: S104 - compared with, not bound


def unanswered(output: str) -> str:
    """What a program waits for in vain, by the addresses at which nothing answered; empty if it asked for none.

    Args:
        output: what it printed while it gave no answer.
    """
    for host, port in reversed(_UNANSWERED.findall(output)):
        if port in _PORTS:
            return _PORTS[port]
        if not host.startswith(_HERE):
            return f"the host {host}"
        return f"a server at {host}:{port}"
    return ""


def hosts_unanswered(output: str) -> frozenset[str]:
    """The hosts that a program asked in vain, by what it printed."""
    return frozenset(host for host, _ in _UNANSWERED.findall(output))


def service_at(port: str) -> str:
    """The service that listens at a port as a rule; empty if it is another port."""
    return _PORTS.get(port, "")


def is_unreachable(output: str) -> bool:
    """Whether a program says that a host of the network could not be reached."""
    return bool(UNREACHABLE.search(output))


_HOST = re.compile(
    r"host='([\w.-]+)'|https?://([\w.-]+)|host name \"([\w.-]+)\"|Failed to resolve '([\w.-]+)'|to host ([\w.-]+):"
)


def hosts_named(output: str) -> list[str]:
    """The hosts elsewhere that some output says could not be reached, in its order."""
    lines = [line for line in output.splitlines() if UNREACHABLE.search(line) or REFUSED.search(line)]
    named = (next(filter(None, groups)) for line in lines for groups in _HOST.findall(line))
    return [
        host for host in dict.fromkeys(named) if not host.startswith(("127.", "localhost")) and "." in host
    ]


_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_ADDRESS = re.compile(r"https?://([\w.-]+\.[a-z]{2,})\b")


def host_not_found(trace: str) -> str:
    """The host that a program asked for and that its name service did not know, by its traceback; empty if that was not its error."""
    plain = _COLOUR.sub("", trace)
    if not any(map(_NOT_FOUND.search, plain.splitlines())):
        return ""
    # the lines that were under way, which a traceback of IPython's points at
    under_way = [line for line in plain.splitlines() if line.lstrip().startswith("-")]
    written = [host for line in under_way for host in _ADDRESS.findall(line)]
    named = [*written, *hosts_named(plain)]
    return f"the host {named[0]}" if named else "a host of the network"
