"""What secrets look like: the formats of well-known tokens, and the places where passwords stand."""

import re
from collections.abc import Callable
from functools import cache
from typing import AnyStr, NamedTuple


class Format(NamedTuple):
    """What a token looks like from one of its `starts` on."""

    kind: str
    starts: tuple[str, ...]
    pattern: str
    check: Callable[[str], bool] = lambda _: True


@cache
def compiled(pattern: AnyStr) -> re.Pattern[AnyStr]:
    """Return a pattern compiled."""
    # When it is needed first: compiling all of them takes longer than opening a run.
    return re.compile(pattern)


def _is_random(text: str) -> bool:
    # A random string has digits, and runs of letters longer than words have.
    return any(c.isdigit() for c in text) and any(len(run) >= 16 for run in text.split("-"))


# Tokens that begin with a run of at least LONG letters, digits, "_" and "-".
TOKENS = (
    Format("aws access key", ("AKIA", "ASIA"), r"[A-Z]{4}[0-9A-Z]{16}(?![0-9A-Za-z])"),
    Format("github token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh._[0-9A-Za-z]{30,}"),
    Format("github token", ("github_pat_",), r"github_pat_\w{22,}"),
    Format("gitlab token", ("glpat-", "gldt-", "glrt-", "glptt-"), r"gl[a-z]+-[\w-]{20,}"),
    Format("slack token", ("xox", "xapp-"), r"(?:xox[a-z]|xapp)-[0-9A-Za-z-]{10,}"),
    Format("google api key", ("AIza",), r"AIza[\w-]{35}"),
    Format("google secret", ("GOCSPX-",), r"GOCSPX-[\w-]{20,}"),
    Format("api key", ("sk-",), r"sk-[\w-]{20,}", _is_random),
    Format("stripe key", ("sk_live_", "sk_test_", "rk_live_", "rk_test_"), r"\w{8}[0-9A-Za-z]{12,}"),
    Format("stripe secret", ("whsec_",), r"whsec_[0-9A-Za-z+/=]{20,}"),
    Format("hugging face token", ("hf_",), r"hf_[0-9A-Za-z]{30,}"),
    Format("npm token", ("npm_",), r"npm_[0-9A-Za-z]{36,}"),
    Format("pypi token", ("pypi-",), r"pypi-[\w-]{50,}"),
    Format("groq key", ("gsk_",), r"gsk_[0-9A-Za-z]{40,}"),
    Format("databricks token", ("dapi",), r"dapi[0-9a-f]{32}(?:-\d+)?"),
    Format("digitalocean token", ("dop_v1_",), r"dop_v1_[0-9a-f]{64}"),
    Format("replicate token", ("r8_",), r"r8_[0-9A-Za-z]{30,}"),
    Format("nvidia key", ("nvapi-",), r"nvapi-[\w-]{40,}"),
    Format("langsmith key", ("lsv2_pt_", "lsv2_sk_"), r"lsv2_[ps][tk]_[0-9a-f]{32}(?:_[0-9a-f]{6,})?"),
    Format("tavily key", ("tvly-",), r"tvly-[\w-]{20,}", _is_random),
    Format("xai key", ("xai-",), r"xai-[0-9A-Za-z]{40,}"),
    Format("wandb key", ("wandb_v1_",), r"wandb_v1_\w{30,}"),
    Format("hugging face token", ("api_org_",), r"api_org_[0-9A-Za-z]{30,}"),
    Format("pinecone key", ("pcsk_",), r"pcsk_\w{40,}"),
    Format("perplexity key", ("pplx-",), r"pplx-[0-9A-Za-z]{40,}"),
    Format("docker token", ("dckr_pat_", "dckr_oat_"), r"dckr_[po]at_[\w-]{20,}"),
    Format("grafana token", ("glsa_", "glc_"), r"gl(?:sa|c)_[0-9A-Za-z]{32,}(?:_[0-9a-f]{8})?"),
    Format("sentry token", ("sntrys_", "sntryu_"), r"sntry[su]_[\w-]{40,}"),
    Format("atlassian token", ("ATATT3",), r"ATATT3[\w-]{50,}(?:=[0-9A-F]{8})?"),
    Format("notion token", ("ntn_",), r"ntn_[0-9A-Za-z]{40,}"),
    Format("linear key", ("lin_api_",), r"lin_api_[0-9A-Za-z]{32,}"),
    Format("shopify token", ("shpat_", "shpca_", "shppa_", "shpss_"), r"shp[a-z]{2}_[0-9a-fA-F]{32}"),
    Format("new relic key", ("NRAK-",), r"NRAK-[0-9A-Z]{20,}"),
    Format("mailgun key", ("key-",), r"key-[0-9a-f]{32}(?![0-9A-Za-z_-])"),
    Format("supabase token", ("sbp_",), r"sbp_[0-9a-f]{40}"),
    Format("planetscale token", ("pscale_tkn_",), r"pscale_tkn_[\w-]{30,}"),
    Format("jwt", ("eyJ",), r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"),
)
TOKEN_STARTS = tuple(start for token in TOKENS for start in token.starts)
# Tokens of which such a run is only a later part, behind this beginning.
DOTTED = (
    Format("google token", ("ya29.",), r"ya29\.[\w-]{20,}"),
    Format("vault token", ("hvs.",), r"hvs\.[\w-]{24,}"),
    Format("doppler token", ("dp.pt.", "dp.ct.", "dp.sa."), r"dp\.(?:pt|ct|sa)\.[0-9A-Za-z]{40,}"),
    Format("sendgrid key", ("SG.",), r"SG\.[\w-]{16,}\.[\w-]{32,}"),
)
# What is found by a piece of its text; group 1 is the secret.
OTHERS = (
    Format(
        "slack webhook",
        ("hooks.slack.com/",),
        r"hooks\.slack\.com/(?:services|workflows)/([\w/-]{16,})",
    ),
    Format("azure key", ("AccountKey=", "SharedAccessKey="), r"\w+=([0-9A-Za-z+/=]{20,})"),
    Format("azure signature", ("&sig=", "?sig="), r".sig=((?:[\w+/-]|%[0-9A-Fa-f]{2}){20,}=*)"),
    Format(
        "private key",
        ("-----BEGIN ",),
        r"(-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]*-----|\Z))",
    ),
)
LONG = 20
RUN = b"a" * LONG
RUNS = bytes(97 if chr(c).isalnum() or c in b"_-" else 32 for c in range(128)) + b" " * 128

TELEGRAM = r"(?<!\d)\d{6,12}:AA[\w-]{33}(?![\w-])"
# A password there may hold "@" and even "/"; digits before a "/" are a port.
IN_URL = (
    r"://([^\s/:@\"'<>\[]*):(?!\d{1,5}[/?#])"
    r"([^\s/\"'<>]{1,200}|(?:(?!://)[^\s\"'<>?#,]){1,200})@(?=[\w\[{$<%•])"
)
# A token alone in front of the host, as remotes of git have it.
TOKEN_IN_URL = r"://([\w-]{20,})@(?=[\w\[])"
BEARER = rb"bearer\s+([\w.~+/-]{16,}=*)"
AUTHORIZATION = (
    rb"authorization[\"']?\s*[:=,]\s*[rbuf]{0,2}[\"']?(?:bearer|basic|token|apikey)\s+([^\s\"',;]{6,})"
)
# From the fixed part of a name to the value that it gets: in source, shells, JSON, YAML, HTML, settings.
_QUOTE = rb"\\?[\"']|&quot;|&\#39;|&\#x27;"
_GIVEN = (
    rb"(?P<rest>[\w-]{0,40}+)(?P<close>QUOTE)?\]?"
    rb"(?P<sign>\s{0,3}(?::\s*[a-z][\w.\[\]| ]{0,40}?)?\s{0,3}(?:==|!=|:=|=>|=|:)\s{0,3}|\s{0,3},\s{0,3}|\s)"
    rb"(?:[rbuf]{0,2}(?P<quote>\"\"\"|'''|QUOTE)(?P<text>(?:\\[^\n]|[^\n\\]){1,500}?)(?P=quote)"
    rb"|(?P<bare>[^\s\"'`,;(){}\[\]<>&\\]{6,500})(?=[\s\"'`,;)}\]<&\\]|\Z))"
).replace(b"QUOTE", _QUOTE)
# A piece that costs one look, and the names that it may be a part of.
NAMED = {
    b"pass": rb"pass(?:w|phrase|(?![a-z]))" + _GIVEN,
    b"pwd": b"pwd" + _GIVEN,
    b"secret": b"secret" + _GIVEN,
    b"token": b"token" + _GIVEN,
    b"key": b"key" + _GIVEN,
    b"credential": b"credential" + _GIVEN,
}
# Passwords that no name is given to, by a piece that costs one look; group 1 is the secret.
UNNAMED = (
    (
        b"curl",
        rb"curl\s(?:[^\n|;]{0,300}?\s)??(?:-u|--user)[\s=]{0,2}[\"']?[^\s:\"'$]{1,100}:([^\s\"'$][^\s\"']*)",
        "password of curl",
    ),
    (
        b"auth",
        rb"auth\s{0,2}=?\s{0,2}\(\s*[^,()\n]{1,100},\s*[rbu]{0,2}[\"']([^\n\"']{4,200})[\"']\s*\)",
        "password of a login",
    ),
    (
        b"mysql",
        rb"\bmysql(?:dump|admin|import|show)?\s(?:[^\n|;]{0,300}?\s)??-p[\"']?([^\s\"'$-][^\s\"']{3,200})",
        "password of mysql",
    ),
    (b"sshpass", rb"\bsshpass\s{1,3}-p\s?[\"']?([^\s\"'$][^\s\"']{3,200})", "password of sshpass"),
    (
        b"redis-cli",
        rb"\bredis-cli\s(?:[^\n|;]{0,300}?\s)??-a\s[\"']?([^\s\"'$][^\s\"']{3,200})",
        "password of redis",
    ),
    (
        b"login",
        rb"\blogin\s(?:[^\n|;]{0,300}?\s)??-p[\s=][\"']?([^\s\"'$-][^\s\"']{3,200})",
        "password of a login",
    ),
    (
        b"login",
        rb"\blogin\(\s*[^,()=\n]{1,100},\s*[rbu]{0,2}[\"']([^\n\"']{4,200})[\"']\s*[,)]",
        "password of a login",
    ),
    (b"pwd=", rb";\s?pwd=([^;\"'\s]{4,200})", "password in a connection string"),
    (
        b"password=",
        rb"(?:user|host|hostaddr|dbname|port|sslmode)=[^\s,;()\"']+[ \t]+password=([^\s\"',;()&]{4,200})(?=[\s\"']|\Z)",
        "password in a connection string",
    ),
    (
        b"password=",
        (
            rb"(?<![\w.])password=([^\s\"',;()&]{4,200})[ \t]+"
            rb"(?:user|host|hostaddr|dbname|port|sslmode)=[^\s,;()\"'=]+(?=[\s\"']|\Z)"
        ),
        "password in a connection string",
    ),
)
LOGIN = rb"\blogin\s+(?:--?[a-z][\w-]*\s+){0,4}([\w-]{32,})"
CLIENT = rb"lient\(\s*[\"']([0-9a-z]{32,200})[\"']\s*[,)]"
DEFAULTS = rb"(?:get|getenv|setdefault|putenv|setenv|pop)\(\s*[\"']$"
