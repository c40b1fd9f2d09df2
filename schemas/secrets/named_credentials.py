"""Credentials without a prefix of their own: the text around them names them.

Passwords in URLs, connection strings and `.netrc`, keys behind the names of settings, and private keys in files.
"""

from collections.abc import Iterator
from typing import Final

from hublish.schemas.secrets.genuine_values import is_login, is_mixed, is_numbered, is_password, is_random, is_varied
from hublish.schemas.secrets.rule import Rule

# A quote, as it is or escaped within another string.
_QUOTE: Final = r"\\{0,3}[\"']"
# The text between the name of a setting and its value: `: "`, `=`, `" => '`, `</Name>` of XML excepted.
_IS: Final = r"[\"'\s:=\\>(,\]]{1,12}"
# Space between words, also as the escapes of a string.
_GAP: Final = r"(?:\s|\\{1,4}[nrt]){1,32}+"
_KEY_LINES: Final = r"(?:(?:\\[nrt]|[\s\"'+,\\])+[A-Za-z0-9+/=]{2,})*"

# Hosts of documentation (RFC 2606) and of the machine itself, where the password protects nothing that others reach.
_NO_HOST: Final = (
    r"(?:(?:[\w-]+\.)*(?:example|invalid|test)(?:\.(?:com|org|net|edu))?|(?:my|your|the|some|db|a)?[-_]?"
    r"(?:host(?:name)?|server|domain|proxy|url|address|ip)(?:[-_]?name)?(?:\.(?:com|org|net))?)(?![\w.-])|[<{$%\[(]"
)
_HERE: Final = r"(?:localhost|127\.\d|0\.0\.0\.0|\[::1?\]|host\.docker\.internal)"
_STRONG: Final = r"(?=[^@\s]{12})(?=[^@\s]{0,99}[0-9])(?=[^@\s]{0,99}[a-z])(?=[^@\s]{0,99}[A-Z])"


def _keys() -> Iterator[Rule]:
    """Yield the rules for private keys in files of text."""
    yield Rule(
        "private-key",
        ("PRIVATE KEY",),
        # Documentation and parsers quote the header alone; in a key, base64 follows it.
        r"-{4,5} ?BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)? ?-{4,5}"
        r"(?:\\[nrt]|[\s\"'+,\\]|(?:Proc-Type|DEK-Info|Version|Comment|Subject|Hash|Charset): ?[^\n\\]{0,80})*+"
        r"(?P<body>[A-Za-z0-9+/]{16,512}+)(?!\.{3}|…)",
        is_varied,
        rest=_KEY_LINES,
        lead=64,
        place="anywhere",
    )
    yield Rule(
        "putty-private-key",
        ("Private-Lines:",),
        rf"Private-Lines: ?\d{{1,4}}{_GAP}(?P<body>[A-Za-z0-9+/]{{16,512}}+)",
        is_varied,
        rest=_KEY_LINES,
        place="near",
    )


def _urls() -> Iterator[Rule]:
    """Yield the rules for credentials in URLs."""
    scheme, user = r"[A-Za-z][A-Za-z0-9+.-]{1,24}", r"[^\s\0:@/?#\"'<>\\]{0,100}"
    at = r"@(?!" + _NO_HOST + r")[A-Za-z0-9\[_]"
    yield Rule(
        "url-password",
        ("://",),
        # The password differs from the user: `postgres:postgres` is the default of a container.
        rf"{scheme}://(?P<user>{user}):(?!(?P=user)@)(?:{_STRONG}|(?![^\s@/]{{0,200}}@{_HERE}))"
        rf"(?P<body>[^\s\0@/\"'<>\\`]{{1,200}})(?={at})",
        is_password,
        lead=25,
        place="anywhere",
    )
    yield Rule(
        "url-token",
        ("://",),
        r"https?://(?P<body>[A-Za-z0-9_-]{20,100})(?::x-oauth-basic)?(?=@(?![A-Za-z0-9.]{0,60}sentry)[A-Za-z0-9])",
        is_numbered,
        lead=5,
        place="anywhere",
    )


def _connections() -> Iterator[Rule]:
    """Yield the rules for passwords in connection strings and `.netrc`."""
    value = r"[^\s\0;&\"'<>()\\,|`]{5,128}+"
    word, end = "(?i:password|passwd|pwd)=", r"(?=[;&\"'\s\0\\|`]|$)"
    keys = (
        r"(?i:server|host|data source|address|port|user id|uid|user|username|database|initial catalog|dbname|driver|"
        r"sslmode|encrypt|trusted_connection|persist security info|account|warehouse|charset|pooling)="
    )
    yield Rule(
        "connection-password",
        ("word=", "WORD=", "wd=", "WD="),
        # A pair of a connection string or query: a separator or a user before it, or another known pair after it.
        rf"(?:(?:(?<=[?&;])|(?<=; ))(?={word}{value}{end})|(?={word}{value}(?:;\s?|\s){keys})|"
        rf"(?i:user(?: id)?|uid)=[^\s\"';&]{{1,64}}+[\s;&]{{1,3}}(?={word}{value}{end})){word}(?P<body>{value})",
        is_password,
        lead=80,
        place="anywhere",
    )
    # The words of `.netrc` may have any order.
    login = rf"login{_GAP}[^\s\0\\]{{1,128}}{_GAP}(?:account{_GAP}[^\s\0\\]{{1,128}}{_GAP})?"
    yield Rule(
        "netrc-password",
        ("login",),
        rf"(?:{login}|(?=password{_GAP}[^\s\0\\]{{1,99}}{_GAP}login{_GAP}))password{_GAP}\"?(?P<body>[^\s\0\"'\\,;]{{1,256}})",
        is_password,
        lead=140,
        place="anywhere",
    )


def _clouds() -> Iterator[Rule]:
    """Yield the rules for the keys of clouds behind the name of a setting."""
    aws = r"(?i:(?:aws|s3a?|minio|r2|b2|storage)?[._-]?secret[._-]?(?:access[._-]?)?key)"
    yield Rule(
        "aws-secret-access-key",
        ("ecret", "ECRET"),
        rf"{aws}{_IS}(?P<body>[A-Za-z0-9/+]{{40}})(?![\w/+])",
        is_random,
        lead=9,
        place="near",
    )
    yield Rule(
        "aws-session-token",
        ("ession_token", "essionToken", "ESSION_TOKEN", "ecurity-Token", "ecurity_token"),
        rf"(?i:(?:session|security)[_-]?token){_IS}(?P<body>[A-Za-z0-9/+=%]{{64,512}}+)",
        is_mixed,
        lead=1,
        place="near",
    )
    yield Rule(
        "azure-storage-key",
        ("AccountKey", "ccount_key", "CCOUNT_KEY"),
        rf"(?i:account_?key){_IS}(?P<body>[A-Za-z0-9+/]{{86}}==)",
        is_random,
        lead=1,
        place="near",
    )
    yield Rule(
        "azure-shared-access-key",
        ("SharedAccessKey", "ecret"),
        rf"(?:SharedAccessKey|SharedSecretValue|(?<=;)Secret){_IS}(?P<body>[A-Za-z0-9+/]{{40,88}}={{0,2}})(?![\w+/=])",
        is_mixed,
        lead=1,
        place="near",
    )


def _signatures_and_trackers() -> Iterator[Rule]:
    """Yield the rules for signed URLs of Azure, and for trackers of experiments."""
    # The signature is 32 bytes in base64; its padding is escaped in a URL.
    signature = r"(?P<body>(?:[A-Za-z0-9+/_-]|%2[bBfF]){43}(?:=|%3[dD])?)"
    yield Rule(
        "azure-sas",
        ("sig=",),
        rf"(?:(?<=[?&;\"'=\s])|(?<=u0026))sig={signature}(?![\w%+/-])",
        is_mixed,
        place="near",
    )
    filler = r"[\w.\-\"'(\s,=:\\\[\]>]{0,24}?"
    yield Rule(
        "wandb-key",
        ("andb", "ANDB"),
        rf"(?i:wandb){filler}(?i:key|login|token|password){filler}(?<![A-Za-z0-9])(?P<body>[0-9a-f]{{40}})(?!\w)",
        is_random,
        lead=1,
        place="near",
    )
    kaggle = rf"{_QUOTE}?(?P<body>[0-9a-f]{{32}}){_QUOTE}?"
    yield Rule(
        "kaggle-key",
        ("AGGLE_KEY", "aggle_key", "username"),
        rf"(?:(?i:kaggle_key){_IS}|username{_QUOTE}\s?:\s?{_QUOTE}[^\"'\\\n]{{1,64}}{_QUOTE}\s?,\s{{0,16}}{_QUOTE}key"
        rf"{_QUOTE}\s?:\s?){kaggle}(?!\w)",
        is_random,
        lead=1,
        place="near",
    )


def _services() -> Iterator[Rule]:
    """Yield the rules for keys behind the variable of a service, and for registries of packages."""
    issuers = (
        "COHERE|CO|MISTRAL|TOGETHER|COMET|CLEARML(?:_API)?|ROBOFLOW|NEPTUNE|DEEPGRAM|ASSEMBLYAI|ELEVENLABS|ELEVEN|XI|"
        "AI21|DATADOG|DD|AZURE(?:_OPENAI|_SEARCH|_COGNITIVE)?|OPENAI|CLOUDFLARE|CF|HETZNER|LINODE|VULTR|SAMBANOVA|"
        "DEEPSEEK|MOONSHOT|DASHSCOPE|ZHIPUAI|SERPAPI|SERPER|EXA|WEAVIATE|QDRANT|ALGOLIA|PAPERSPACE|VAST|LAMBDA|"
        "STABILITY|BASETEN|OCTOAI|REPLICATE|NEWS|SNYK|OKTA|HEROKU|TWITTER|FACEBOOK|SPOTIFY|MIXPANEL|LABELBOX|DAGSHUB"
    )
    yield Rule(
        "named-api-key",
        ("API_", "AUTH_", "ACCESS_", "SECRET_"),
        rf"(?:{issuers})_(?:API|SECRET|ACCESS|AUTH|APP)_?(?:KEY|TOKEN|SECRET)?(?:_KEY)?{_IS}"
        r"(?P<body>[A-Za-z0-9_-]{20,100}+)(?![\w=/+-])",
        is_numbered,
        lead=20,
        place="near",
    )
    yield Rule(
        "clearml-secret",
        ("secret_key",),
        rf"secret_key{_QUOTE}?\s?[:=]\s?{_QUOTE}(?P<body>[A-Za-z0-9_-]{{48,64}}){_QUOTE}",
        is_mixed,
        place="near",
    )
    yield Rule(
        "npmrc-token",
        ("_authToken",),
        r"_authToken\s?=\s?\"?(?P<body>[A-Za-z0-9+/=_.-]{20,512}+)",
        is_numbered,
        place="near",
    )
    yield Rule(
        "pypirc-password",
        ("username",),
        rf"username\s?=\s?[^\s\0\\]{{1,64}}{_GAP}password\s?=\s?(?P<body>[^\s\0\\\"',]{{5,256}})(?=[\s\0\\\"']|$)",
        is_password,
        place="anywhere",
    )


def _logins() -> Iterator[Rule]:
    """Yield the rules for a user and a password in base64."""
    yield Rule(
        "registry-login",
        ('"auth', "_auth"),
        rf"[\"_]auth{_QUOTE}?\s?[:=]\s?(?:{_QUOTE})?(?P<body>[A-Za-z0-9+/]{{8,400}}+={{0,2}})(?![\w+/=])",
        is_login,
        place="anywhere",
    )
    yield Rule(
        "basic-login",
        ("Basic ", "basic "),
        r"[Bb]asic (?P<body>[A-Za-z0-9+/]{20,400}+={0,2})(?![\w+/=])",
        is_login,
        place="near",
    )


def named_credentials() -> Iterator[Rule]:
    """Yield the rules in their order."""
    for part in (_keys(), _urls(), _connections(), _clouds(), _signatures_and_trackers(), _services(), _logins()):
        yield from part
