"""Who gets in, to what, and what everybody else is told."""

import json
import re
import socket
from collections.abc import Callable
from typing import Any

import pytest

from trackbook.domain.ids import new_id
from trackbook.domain.job import JobSpec
from trackbook.domain.records import SweepDefined
from trackbook.domain.space import Dimension
from trackbook.domain.sweep import SweepSpec
from trackbook.server.routes import BASE, ROUTES, SERVED
from trackbook.services.tokens import Tokens
from trackbook.store.journal import frame

DIGEST = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# What is asked by POST, and changes nothing.
READS = (
    *(
        "/refresh",
        "/curves",
        "/differences",
        "/differences/notebook",
        "/differences/cell",
        "/differences/code",
    ),
    *("/queue/jobs", "/queue/runs"),
    *("/table", "/table/groups", "/query/check"),
    *("/frame", "/importance", "/correlation"),
)

# What a Jupyter server has, each of them a way to its files or to a shell.
JUPYTER = [
    *("/", "/login", "/logout", "/tree", "/lab", "/api", "/api/kernels", "/api/kernelspecs", "/api/contents"),
    *("/api/sessions", "/api/terminals", "/api/me", "/api/status", "/api/shutdown", "/api/config/x"),
    *("/api/events", "/api/events/subscribe", "/api/nbconvert", "/api/spec.yaml", "/api/security/csp-report"),
    *("/files/x", "/view/x", "/nbconvert/html/x", "/terminals/1", "/terminals/websocket/1", "/metrics"),
    *("/api/kernels/x/channels", "/static/x", "/kernelspecs/x", "/custom/custom.css", "/favicon.ico"),
]


def concrete(template: str, project: str) -> str:
    """A route with something in the place of each parameter."""
    values = {"project": project, "digest": DIGEST, "part": "0", "order": "1", "moment": "start", "path": "a"}
    return BASE + re.sub(r"\{(\w+)\}", lambda name: values.get(name[1], new_id()), template)


def calls(routes: Any, project: str) -> list[tuple[str, str]]:
    return [
        (method, concrete(template, project))
        for template, handler in routes
        for method in METHODS
        if method.lower() in vars(handler)
    ]


@pytest.mark.parametrize("scope", [None, "admin"])
def test_nothing_of_jupyter_is_there(shared_server: Any, scope: str | None) -> None:
    token = shared_server.token(scope) if scope else None
    for path in JUPYTER:
        for method in METHODS:
            answer = shared_server.ask(method, path, token)
            assert (answer.status, answer.json["code"]) == (404, "not_found"), (method, path)


def test_no_notebook_and_no_job_is_there(shared_server: Any) -> None:
    token = shared_server.token("admin")
    left_out = [route for route in ROUTES if route not in SERVED]
    assert {template.rsplit("/", 1)[1] for template, _ in left_out} == {
        "jobs",
        "{job}",
        "cancel",
        "parameters",
        "lint",
        "clean",
        "diagnosis",
        "reproduce",
        "retry",
        "log",
        "workers",
        "resumption",
        "resume",
        "debug",
        "sweeps",
        "{sweep}",
        "sharing",
    }
    for method, path in calls(left_out, shared_server.project):
        assert shared_server.ask(method, path, token).status == 404, (method, path)


def test_only_the_health_check_needs_no_token(shared_server: Any) -> None:
    assert shared_server.ask("GET", "/trackbook/health").json == {"status": "ok"}
    for method, path in [
        *calls(SERVED, shared_server.project),
        ("GET", f"{BASE}/nothing"),
        ("OPTIONS", f"{BASE}/projects"),
    ]:
        answer = shared_server.ask(method, path)
        assert (answer.status, answer.json["code"]) == (401, "unauthorized"), (method, path)
        assert "trackbook token create" in answer.json["message"]
        assert answer.headers["Www-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "given", ["Bearer wrong", "Bearer ", "Basic dTpw", "token {token}", "Bearer {token}x", "ä"]
)
def test_a_wrong_token_opens_nothing(shared_server: Any, given: str) -> None:
    secret = shared_server.token("admin")
    answer = shared_server.ask(
        "GET", f"{BASE}/projects", Authorization=given.format(token=secret).encode().decode("latin-1")
    )
    assert answer.status == 401


def test_a_token_in_a_cookie_or_an_address_opens_nothing(shared_server: Any) -> None:
    secret = shared_server.token("admin")
    assert shared_server.ask("GET", f"{BASE}/projects?token={secret}", Cookie=f"token={secret}").status == 401


def test_each_scope_allows_what_it_says(shared_server: Any) -> None:
    read, write = shared_server.token("read"), shared_server.token("write")
    execute = shared_server.token("execute")
    for method, path in calls(SERVED, shared_server.project):
        is_read = method == "GET" or path.endswith(READS)
        runs_code = "/queue" in path and not is_read
        narrow = shared_server.ask(method, path, read, None if method == "GET" else b"{}")
        assert (narrow.status == 403) is not is_read, (method, path, narrow.body)
        if not is_read:
            needed = "admin" if method == "DELETE" else "execute" if runs_code else "write"
            assert f"needs '{needed}'" in narrow.json["message"]
            assert f"trackbook token create NAME --scope {needed}" in narrow.json["message"]
        answer = shared_server.ask(method, path, write, None if method == "GET" else b"{}")
        refused = method == "DELETE" or runs_code
        assert (answer.status in (401, 403)) is refused, (method, path, answer.body)
        if runs_code:
            answer = shared_server.ask(method, path, execute, b"{}")
            assert answer.status not in (401, 403), (method, path, answer.body)


def test_a_revoked_token_opens_nothing_from_that_moment_on(shared_server: Any) -> None:
    tokens = Tokens(shared_server.store)
    secret = tokens.create("for a moment", "read")
    assert shared_server.ask("GET", f"{BASE}/projects", secret).status == 200
    tokens.revoke("for a moment")
    assert shared_server.ask("GET", f"{BASE}/projects", secret).status == 401


def test_an_expired_token_is_said_to_be_so(shared_server: Any) -> None:
    answer = shared_server.ask("GET", f"{BASE}/projects", shared_server.token("read", days=-1))
    assert answer.status == 401
    assert "has expired" in answer.json["message"]


def test_pages_of_other_origins_get_nothing(shared_server: Any) -> None:
    token = shared_server.token("admin")
    answer = shared_server.ask("GET", f"{BASE}/projects", token, Origin="https://elsewhere.example")
    assert answer.status == 404
    for headers in ({"Origin": "https://elsewhere.example"}, {}):
        answer = shared_server.ask("GET", f"{BASE}/projects", token, **headers)
        assert not [name for name in answer.headers if name.lower().startswith("access-control-allow-origin")]
        assert "Set-Cookie" not in answer.headers
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_other_projects_and_bad_ids_are_not_found(shared_server: Any) -> None:
    token = shared_server.token("write")
    for path in (f"{BASE}/projects/{new_id()}/runs", f"{BASE}/projects/..%2f..%2fetc/runs"):
        assert shared_server.ask("GET", path, token).status == 404
    for subject in ("project", "..%2f..", new_id().upper(), "%00", "a" * 300):
        answer = shared_server.ask("POST", f"{{p}}/journals/{subject}/{new_id()}/0?position=0", token, b"x")
        assert answer.status in (400, 404), subject
        assert answer.json["code"]
    for digest in ("..", "%2e%2e%2f%2e%2e%2fstore.json", "A" * 64, "ä" * 64):
        assert shared_server.ask("GET", f"{{p}}/blobs/{digest.replace('ä', '%C3%A4')}", token).status == 404


def test_the_tokens_themselves_are_kept_nowhere(shared_server: Any) -> None:
    secret = shared_server.token("write")
    path = shared_server.store.root / "tokens.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert secret not in path.read_text(encoding="utf-8")
    assert shared_server.ask("GET", f"{BASE}/projects", secret).status == 200


def test_too_much_is_refused_before_it_is_read(shared_server: Any) -> None:
    token = shared_server.token("write")
    answer = shared_server.ask("POST", "{p}/writers", token, b" " * (33 * 1024 * 1024))
    assert (answer.status, answer.json["code"]) == (413, "too_large")
    assert "at most" in answer.json["message"]
    for path, size in (
        ("blobs/" + DIGEST, 17 * 1024**3),
        (f"journals/{new_id()}/{new_id()}/0?position=0", 65 * 1024**2),
    ):
        method = "PUT" if path.startswith("blobs") else "POST"
        said = raw(
            shared_server, f"{method} {BASE}/projects/{shared_server.project}/{path} HTTP/1.1", token, size
        )
        assert said.startswith(b"HTTP/1.1 413"), said
        assert b"too_large" in said


def test_a_body_without_end_is_refused(shared_server: Any) -> None:
    head = f"POST {BASE}/projects/{shared_server.project}/writers HTTP/1.1"
    said = raw(shared_server, head, shared_server.token("write"), None, chunk=b"x" * 1024 * 1024)
    assert said.startswith((b"HTTP/1.1 400", b"HTTP/1.1 413")), said


def raw(server: Any, head: str, token: str, size: int | None, chunk: bytes = b"") -> bytes:
    """Send a request whose body does not come, or does not end, and return what is answered."""
    length = "Transfer-Encoding: chunked" if size is None else f"Content-Length: {size}"
    lines = [head, "Host: localhost", f"Authorization: Bearer {token}", length, "", ""]
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall("\r\n".join(lines).encode())
        try:
            while chunk:
                connection.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        except OSError:
            pass
        return connection.recv(4096)


SWEEP = SweepSpec(
    job=JobSpec(DIGEST, "a.ipynb", "/a", {}, "a", ""),
    space={"x": Dimension("choices", [1, 2])},
    sampler="grid",
    trials=2,
)

# The same in each process that collects tests.
RUN, WRITER = "01a21a33-5bdd-7554-b3fe-c0cf5dfb98ef", "01a21a33-5bdd-7fb4-bbab-f1fde7966ca9"

BAD = [
    ("POST", "writers", b"{"),
    ("POST", "writers", {"living": [{"subject": "project", "writer": "x"}]}),
    ("POST", "writers", {"living": "all"}),
    ("POST", "journals/sizes", {"journals": [{"subject": "project", "writer": "../x", "part": 0}]}),
    ("POST", "journals/sizes", {"journals": [{"subject": "x"}]}),
    ("POST", f"journals/{RUN}/{WRITER}/0", b"x"),
    ("POST", f"journals/{RUN}/{WRITER}/0?position=-1", b"x"),
    ("POST", f"journals/{RUN}/{WRITER}/0?position=0", b"no frames at all"),
    ("POST", f"journals/{RUN}/{WRITER}/0?position=0", b""),
    ("POST", f"journals/{RUN}/{WRITER}/x?position=0", b"x"),
    ("POST", "blobs/missing", {"digests": ["../../etc/passwd"]}),
    ("PUT", f"blobs/{DIGEST}", b"other bytes"),
    ("PUT", "blobs/..%2f..%2fx", b"x"),
    ("GET", "find", None),
    ("GET", "find?run=%23x", None),
    ("GET", "changes?since=x", None),
    ("GET", "runs?query=%28", None),
    # What a sweep runs is not for a writer to say.
    ("POST", f"journals/{RUN}/{WRITER}/0?position=0", frame(SweepDefined(1, SWEEP))),
    ("GET", f"queue/sweeps/{RUN}", None),
    ("GET", f"queue/sweeps/{RUN}/spec", None),
    ("GET", f"queue/sweeps/{RUN}/trials", None),
    ("GET", f"queue/sweeps/{RUN}/hold", None),
    ("GET", "queue/sweeps/x", None),
    ("POST", "queue/runs", {"runs": "all"}),
]


@pytest.mark.parametrize(("method", "path", "body"), BAD)
def test_bad_input_is_said_to_be_so(
    shared_server: Any, method: str, path: str, body: Any, conforms: Callable[..., Any]
) -> None:
    answer = shared_server.ask(method, f"{{p}}/{path}", shared_server.token("write"), body)
    assert 400 <= answer.status < 500, answer.body
    assert answer.status not in (401, 403)
    assert conforms(answer.json, "Error")["message"]
    assert "Traceback" not in json.dumps(answer.json)


@pytest.fixture(scope="session")
def conforms() -> Callable[[Any, str], Any]:
    """Check a value against a schema of rest-api.yml, and return it."""
    from pathlib import Path

    import yaml
    from jsonschema import Draft202012Validator

    from trackbook import server

    file = Path(server.__file__).parent / "rest-api.yml"
    api = yaml.safe_load(file.read_text(encoding="utf-8"))

    def conforms(value: Any, schema: str) -> Any:
        wanted = {"$ref": f"#/components/schemas/{schema}", "components": api["components"]}
        Draft202012Validator(wanted).validate(value)
        return value

    return conforms
