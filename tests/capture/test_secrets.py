"""What passes for a secret, what does not, and how fast that is said."""

import random
import string
import time

import pytest

from trackbook.capture import secrets
from trackbook.capture.secretnames import is_secret_name, is_secret_variable
from trackbook.capture.secrets import find_secrets
from trackbook.capture.secretvalues import secret_values

# Put together here, so that no scanner takes this file for a leak.
LETTERS = string.ascii_letters + string.digits
_random = random.Random(7)


def text_of(length: int, letters: str = LETTERS) -> str:
    return "".join(_random.choices(letters, k=length - 2)) + "a1"


HEX = text_of(32, "0123456789abcdef")
MIXED = "aB3" + text_of(37)
HEX40 = text_of(40, "0123456789abcdef")
JWT = ".".join(("eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIn0", text_of(43)))
TOKENS = {
    "aws access key": "AKIA" + text_of(16, string.ascii_uppercase + string.digits).upper(),
    "github token": "ghp_" + text_of(36),
    "gitlab token": "glpat-" + text_of(20),
    "slack token": "-".join(("xoxb", text_of(12, string.digits), text_of(24))),
    "google api key": "AIza" + text_of(35),
    "google token": "ya29." + text_of(60),
    "api key": "sk-" + text_of(48),
    "stripe key": "sk_live_" + text_of(24),
    "stripe secret": "whsec_" + text_of(32),
    "hugging face token": "hf_" + text_of(34),
    "npm token": "npm_" + text_of(36),
    "pypi token": "pypi-" + text_of(120, LETTERS + "-_"),
    "groq key": "gsk_" + text_of(52),
    "databricks token": "dapi" + text_of(32, string.hexdigits.lower()),
    "digitalocean token": "dop_v1_" + text_of(64, string.hexdigits.lower()),
    "replicate token": "r8_" + text_of(37),
    "nvidia key": "nvapi-" + text_of(64, LETTERS + "-_"),
    "langsmith key": "lsv2_pt_" + text_of(32, "0123456789abcdef") + "_" + text_of(10, "0123456789abcdef"),
    "tavily key": "tvly-dev-" + text_of(32),
    "xai key": "xai-" + text_of(80),
    "telegram token": "1234567890:AA" + text_of(33),
    "doppler token": f"dp.pt.{text_of(43)}",
    "mailgun key": f"key-{HEX}",
    "sendgrid key": f"SG.{text_of(22)}.{text_of(43)}",
    "wandb key": "wandb_v1_" + text_of(60),
    "pinecone key": "pcsk_" + text_of(60),
    "perplexity key": "pplx-" + text_of(48),
    "docker token": "dckr_pat_" + text_of(27, LETTERS + "-_"),
    "grafana token": "glsa_" + text_of(32) + "_" + text_of(8, "0123456789abcdef"),
    "sentry token": "sntrys_" + text_of(100),
    "atlassian token": "ATATT3" + text_of(160, LETTERS + "-_") + "=4E5F6A7B",
    "notion token": "ntn_" + text_of(46),
    "linear key": "lin_api_" + text_of(40),
    "shopify token": "shpat_" + text_of(32, "0123456789abcdef"),
    "new relic key": "NRAK-" + text_of(27, string.ascii_uppercase + string.digits).upper(),
    "supabase token": "sbp_" + text_of(40, "0123456789abcdef"),
    "planetscale token": "pscale_tkn_" + text_of(43, LETTERS + "-_"),
    "vault token": "hvs." + text_of(90, LETTERS + "-_"),
    "jwt": JWT,
    "private key": f"-----BEGIN RSA PRIVATE KEY-----\n{text_of(64)}\n{text_of(64)}\n-----END RSA PRIVATE KEY-----",
}
PLACES = (
    "{}",
    "x = '{}'",
    'print("{}", end="")',
    "key={}&more",
    "<td>{}</td>",
    "(\\n{}\\n)",
    "größe 模型 🚀 {}",
    "\x1b[33m'\x1b[39m\x1b[33m{}\x1b[39m",
)


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize("place", PLACES)
def test_tokens_are_found_wherever_they_stand(kind: str, place: str) -> None:
    text = place.format(TOKENS[kind])
    (found,) = find_secrets(text)
    assert text[found.start : found.end] == TOKENS[kind]
    assert found.kind == kind


def test_anthropic_and_project_keys() -> None:
    for key in ("sk-ant-api03-" + text_of(93, LETTERS + "-_"), "sk-proj-" + text_of(48)):
        (found,) = find_secrets(f"client = Client('{key}')")
        assert found.kind == "api key"


GIVEN = {
    'password = "hunter2"': "hunter2",
    "api_key='abc123def456'": "abc123def456",
    'token="q8w7e6r5t4y3"': "q8w7e6r5t4y3",
    'password: str = "hunter2"': "hunter2",
    'if password == "hunter2": pass': "hunter2",
    'os.environ["API_KEY"] = "abcd1234efgh"': "abcd1234efgh",
    'os.getenv("DB_PASSWORD", "hunter2")': "hunter2",
    'connect(user="a", password="s3cr3t!x")': "s3cr3t!x",
    'password = """two words"""': "two words",
    '{"password": "hunter2"}': "hunter2",
    "{'client_secret': 'x9x8x7x6x5'}": "x9x8x7x6x5",
    '{\\"api_key\\": \\"abcd1234\\"}': "abcd1234",
    "&quot;password&quot;: &quot;hunter2&quot;": "hunter2",
    'apiKey: "abcd1234efgh"': "abcd1234efgh",
    "API_KEY=abcdef12345": "abcdef12345",
    "export TOKEN=abcdefgh1": "abcdefgh1",
    "%env SECRET_KEY=abcdefgh1": "abcdefgh1",
    "PASSWORD=correcthorse": "correcthorse",
    "password: hunter2abc": "hunter2abc",
    "!tool --password hunter22": "hunter22",
    "tool --token=abcd1234": "abcd1234",
    "aws_secret_access_key = wJalrXUt/K7MDENG/bPxRfiCYEXAMPLE": "wJalrXUt/K7MDENG/bPxRfiCYEXAMPLE",
    "postgresql://bob:hunter2@db/x": "hunter2",
    "https://bob:hunter2@example.org/a.git": "hunter2",
    f"https://{HEX40}@example.org/a.git": HEX40,
    f"git clone https://{HEX}@example.org/a": HEX,
    "PGPASSWORD=hunter22a psql": "hunter22a",
    "Authorization: Bearer abcdef0123456789xyz": "abcdef0123456789xyz",
    'headers={"Authorization": "Basic dXNlcjpwYXNz"}': "dXNlcjpwYXNz",
    "curl -H 'X: bearer abcdef0123456789xyz'": "abcdef0123456789xyz",
    "AccountName=a;AccountKey=abcdefghijklmnopqrstuvwxyz0123==;x": "abcdefghijklmnopqrstuvwxyz0123==",
    "https://x.blob.core.windows.net/a?sv=1&sig=abcdefghij%2Bklmnopqrstuv%3D": "abcdefghij%2Bklmnopqrstuv%3D",
    f'os.environ["KAGGLE_KEY"]="{HEX}"': HEX,
    f"%env X_KEY={HEX}": HEX,
    f"%env X_KEY {HEX}": HEX,
    f"export X_KEY={HEX}": HEX,
    f'AZURE_OPENAI_KEY = "{HEX}"': HEX,
    'DB_PASS = "hunter2secret9"': "hunter2secret9",
    f'{{"username":"bob","key":"{HEX}"}}': HEX,
    f'wandb.login(key="{HEX40}")': HEX40,
    f"!wandb login {HEX40}": HEX40,
    f"!wandb login --relogin {HEX40}": HEX40,
    "https://x.org/a?api_key=abcd1234efgh&b=1": "abcd1234efgh",
    "user=bob password=hunter2 host=h": "hunter2",
    "'host=h password=tigertiger'": "tigertiger",
    "'password=tigertiger dbname=h'": "tigertiger",
    "'Server=h;UID=sa;PWD=Str0ng!;'": "Str0ng!",
    "curl -u bob:pw77 https://x.org": "pw77",
    "curl -s --user 'bob:tigers' https://x.org": "tigers",
    'requests.get(url, auth=("bob","pw77"))': "pw77",
    "HTTPBasicAuth(user, 'tigers')": "tigers",
    "!mysql -u root -phunter22 shop": "hunter22",
    "mysqldump --single-transaction -u root -p'hunter22' shop": "hunter22",
    "!sshpass -p hunter22 ssh bob@host": "hunter22",
    "!redis-cli -h host -a hunter22 ping": "hunter22",
    "!docker login -u bob -p hunter22 example.org": "hunter22",
    "smtp.login('bob@example.org', 'tigers')": "tigers",
    'session.login(user, "pw77", timeout=3)': "pw77",
    f"cohere.Client('{MIXED}')": MIXED,
    f'client = OpenAIClient("{MIXED}", timeout=3)': MIXED,
    "postgresql://bob:p@ss@w0rd@db/x": "p@ss@w0rd",
    "postgresql://bob:pa/ss9@db/x": "pa/ss9",
    "https://hooks.slack.com/services/T00000000/B0000000/abcdefgh": "T00000000/B0000000/abcdefgh",
}


@pytest.mark.parametrize("text", GIVEN)
def test_values_of_secret_names(text: str) -> None:
    assert [text[found.start : found.end] for found in find_secrets(text)] == [GIVEN[text]]


@pytest.mark.parametrize(
    "text",
    [
        'token = tokenizer("abc 123 def 456")',
        "max_tokens=512",
        "n_tokens: 12345678",
        "password=getpass()",
        'password = input("Password: ") or input("again")',
        'print("Enter password: ", answer, "ok")',
        'password = os.environ["DB_PASSWORD"]',
        'password=f"{prefix}abcd"',
        "password == other_password2",
        'pad_token="[PAD]xxxxx9"',
        '"eos_token": "<|im_end|>123"',
        "token = model_v2_token",
        "f(token=self.token_v2)",
        "token: Float32Array",
        "api_key: Optional[str] = None",
        "token['text'] == 'x'",
        'tokenizer = "bert-base-uncased-2"',
        'secret_name = "my-secret-1"',
        'columns = ["password", "username"]',
        'key="abc12345678"',
        "return token, value1234567",
        "https://host:8080/path?x=a@b",
        "postgresql://bob:{password}@db",
        "postgresql://bob:$PASSWORD@db",
        "sk-learn-contrib-2023-version",
        "task-oriented-dialogue-system-2023-abcdefghijklmnopqrst",
        "xAKIAIOSFODNN7EXAMPLE",
        "print(dict(os.environ))\n{'PWD': '/home/some/where1', 'OLDPWD': '/home/2'}",
        "PWD=/home/somebody/work1",
        "token_loss=1.2e-3",
        "token_acc: 9.31e-01",
        "token_throughput=12345.6tok/s",
        "token: 12345.6789",
        "secret_dir_token='/mnt/tokens/1234'",
        'token_mixer="attention-v2"',
        'token_embedding_model="text-embedding-3-small"',
        'token_id = "abcdefgh12345"',
        'key="label"',
        "df.sort_values(by='a', key=lambda x: x)",
        "sorted(rows, key=operator.itemgetter2)",
        'sort_key = "customer_order_2024_v2"',
        'cache_key = "1b2c3d4e5f60718293a4b5c6d7e8f901"',
        "rng_key = jax.random.PRNGKey(12345678)",
        '"key": "1b2c3d4e5f60718293a4b5c6d7e8f9011b2c3d4e5f60718293a4b5c6d7e8f901"',
        "sha256:1b2c3d4e5f60718293a4b5c6d7e8f9011b2c3d4e5f60718293a4b5c6d7e8f901",
        'FEATURE_KEY = "customer_id_2024_v2"',
        'forward_pass = "encoder-v2-large"',
        "n_pass=3, first_pass: 12345678",
        "connect(user=user, password=password, host=host)",
        "auth=(user, password)",
        "curl -u $USER:$PASSWORD https://x.org",
        "mysql -u root -p shop",
        "mysql -u root -p$PASSWORD shop",
        "mysql --port 3306",
        "pip install mysqlclient && mkdir -p some/folder",
        "login page; pytest -p no:cacheprovider",
        "docker login -u bob -p $PASSWORD",
        "docker login --password-stdin",
        "session.login(user, password)",
        "session.login(user, timeout='never')",
        "Client('a-project-of-2024-with-a-rather-long-name')",
        f"MlflowClient('{HEX40}')",
        "http://localhost:8888/lab?email=a@b.org",
        "http://host:8080/tree/@scope/x",
        "ssh://a-user-with-a-long-name@example.org/a.git",
        "https://some_organization_name@example.org/a",
        "the last login was 2024-01-01T00:00:00",
        "at 12:34:56 AA-run started",
        "commit 1b2c3d4e5f60718293a4b5c6d7e8f90123456789",
        "0.12345678901234567890123",
        "-" * 80,
        "A" * 200,
        "",
    ],
)
def test_what_only_looks_alike(text: str) -> None:
    assert find_secrets(text) == []


def test_several_are_told_in_order_and_without_overlaps() -> None:
    text = f"token = '{TOKENS['github token']}'; password='hunter2'; url='a://b:hunter2@c'"
    found = find_secrets(text, {"hunter2": "value of DB_PASSWORD"})
    assert [text[one.start : one.end] for one in found] == [TOKENS["github token"], "hunter2", "hunter2"]
    assert find_secrets(text * 3) == sorted(find_secrets(text * 3))


def test_values_of_variables() -> None:
    environ = {
        "OPENAI_API_KEY": "plain words of key 1",
        "MY_PASS": "with\nnewline2",
        "DATABASE_URL": "postgresql://bob:longpassword1@db/x",
        "AZURE_OPENAI_KEY": HEX,
        "POSTGRES_PASSWORD": "postgres",
        "MYSQL_PASSWORD": "password",
        "REDIS_PASSWORD": "changeme123",
        "PARTITION_KEY": "customer_id",
        "SORT_KEY": "customer_order_2024",
        "FOLDER_SECRET": "/run/secrets/abc1",
        "RETRY_TOKEN": "12345.678",
        "WANDB_KEY": "short",
        "PWD": "/home/somebody",
        "SSH_AUTH_SOCK": "/tmp/ssh-agent",
        "GOOGLE_APPLICATION_CREDENTIALS": "/home/somebody/key.json",
        "TOKENIZERS_PARALLELISM": "disabled-of-course",
        "HOME": "/home/somebody",
    }
    known = secret_values(environ)
    assert set(known) == {
        "plain words of key 1",
        "with\nnewline2",
        "with\\nnewline2",
        "longpassword1",
        HEX,
    }
    (found,) = find_secrets("print: plain words of key 1.", known)
    assert (found.start, found.end, found.kind) == (7, 27, "value of OPENAI_API_KEY")


def test_known_values_are_found_as_words() -> None:
    known = {"hunter22": "value of A_TOKEN"}
    for text in ("hunter22", "'hunter22'", "a\\nhunter22", "?x=%3Dhunter22&", "(hunter22)", "größe:hunter22"):
        assert len(find_secrets(text, known)) == 1, text
    for text in ("hunter222", "headhunter22", "x_hunter22", "hunter22s"):
        assert find_secrets(text, known) == [], text
    assert len(find_secrets("xx" + HEX + "yy", {HEX: "value of A_TOKEN"})) == 1


def test_names() -> None:
    for name in (
        "password",
        "DB_PASSWORD",
        "apiKey",
        "API-KEY",
        "client_secret",
        "hfToken",
        "db.password",
        "token_2",
        "TOKEN_PROD",
        "DB_PASS",
        "DB_PWD",
        "SERVICE_PW",
        "mail_pw",
    ):
        assert is_secret_name(name), name
    for name in (
        "tokenizer",
        "max_tokens",
        "pad_token",
        "token_type",
        "token_id",
        "token_loss",
        "token_mixer",
        "PWD",
        "OLDPWD",
        "forward_pass",
        "power_pw",
        "secret_name",
        "keyboard",
        "public_key",
        "lr",
    ):
        assert not is_secret_name(name), name
    assert is_secret_variable("KAGGLE_KEY")
    assert not is_secret_variable("OLDPWD")


def test_it_is_fast_where_there_is_nothing() -> None:
    cell = "import pandas as pd\nfrom sklearn.model_selection import train_test_split\n" * 10
    output = ("epoch 3 step 1200 loss 0.12345 accuracy 0.987 lr 1e-3 items/s 12345\n" * 16000)[:1_000_000]
    # A busy machine takes several times as long; what matters is that no rule reads everything slowly.
    assert _best(lambda: find_secrets(cell)) < 0.001
    assert _best(lambda: find_secrets(output)) < 0.3


def _best(call: object) -> float:
    times = []
    for _ in range(5):
        start = time.thread_time()
        call()  # type: ignore[operator]
        times.append(time.thread_time() - start)
    return min(times)


def test_what_is_known_to_be_clean_is_searched_for_values_that_are_learned_later() -> None:
    text = "the word is sesame-open-42, and nothing else"
    assert find_secrets(text) == []
    assert find_secrets(text) == []
    (found,) = find_secrets(text, {"sesame-open-42": "value of WORD"})
    assert text[found.start : found.end] == "sesame-open-42"


@pytest.mark.parametrize("text", ["2026-11-27T22:10:01.123456+00:00", "2026-11-27T22:10:01Z"])
def test_a_moment_is_no_secret_unless_it_is_known_as_one(text: str) -> None:
    assert find_secrets(text) == []
    (found,) = find_secrets(text, {"2026-11-27T22:10": "value of WORD"})
    assert text[found.start : found.end] == "2026-11-27T22:10"
    (found,) = find_secrets(f"{text} sk-ant-api03-{'aB3' * 30}")
    assert found.start > len(text)


def test_what_is_kept_of_clean_texts_is_bounded() -> None:
    for number in range(60):
        assert find_secrets(f"{number} " + "plain words " * 8000) == []
    assert secrets._clean_size <= secrets._MOST_CLEAN + secrets._LONGEST_CLEAN + secrets._LEAST
    assert sum(map(len, secrets._clean)) <= secrets._clean_size
    assert find_secrets("token = 'gh" + "p_" + text_of(36) + "'") != []
    assert not any("gh" + "p_" in text for text in secrets._clean)
