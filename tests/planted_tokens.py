"""Credentials that were never issued, one for every rule, drawn so that no literal in the repository looks like one.

A prefix in `PREFIXED` contains a `^` wherever a scanner of this file would recognize it, and the body is a list of
alphabets with lengths.
"""

import base64
import json
import random
import re
import string
import uuid
from collections.abc import Callable, Sequence

from hublish.schemas.secrets.token_rules import BOUNDARY, RULES

LETTERS = string.ascii_letters
DIGITS = string.digits
ALPHANUMERIC = LETTERS + DIGITS
URL_SAFE = ALPHANUMERIC + "_-"
HEX = "0123456789abcdef"
BASE32 = string.ascii_uppercase + "234567"
BASE64 = ALPHANUMERIC + "+/"
BECH32 = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"
CAPITALS = string.ascii_uppercase + DIGITS
LOWER = string.ascii_lowercase + DIGITS


def draw(chance: random.Random, alphabet: str, length: int) -> str:
    """Draw a string that has a digit and letters of every case in the alphabet, as nearly every random one has."""
    classes = [kind for kind in (DIGITS, string.ascii_lowercase, string.ascii_uppercase) if set(kind) & set(alphabet)]
    while True:
        drawn = "".join(chance.choices(alphabet, k=length))
        if length < 10 or all(set(kind) & set(drawn) for kind in classes):
            return drawn


def jwt(chance: random.Random) -> str:
    """Draw a JSON Web Token."""
    parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": draw(chance, ALPHANUMERIC, 12), "exp": 1}]
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*texts, draw(chance, URL_SAFE, 43)])


def random_part(kind: str, text: str) -> str:
    """Return the part of a drawn credential that no output may repeat."""
    (rule,) = (rule for rule in RULES if rule.name == kind)
    found = re.search(BOUNDARY + rule.pattern, text, re.ASCII)
    assert found is not None
    return found["body"]


def pem(chance: random.Random, kind: str = "RSA ") -> str:
    """Draw a private key in PEM."""
    rule = "-" * 5
    lines = [draw(chance, BASE64, 64) for _ in range(6)]
    return "\n".join([f"{rule}BEGIN {kind}PRIVATE " + f"KEY{rule}", *lines, f"{rule}END {kind}PRIVATE " + f"KEY{rule}"])


def ppk(chance: random.Random) -> str:
    """Draw a private key in PuTTY's format, version 3."""
    lines = [draw(chance, BASE64, 64) for _ in range(4)]
    head = "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: me\nPublic-Lines: 1\nAAAA\n"
    return "\n".join([f"{head}Private-" + "Lines: 4", *lines, "Private-MAC: " + draw(chance, HEX, 64)])


def guid(chance: random.Random) -> str:
    """Draw a UUID."""
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def login(chance: random.Random) -> str:
    """Draw a user and a password in base64 (RFC 7617)."""
    return base64.b64encode(f"deploy:{draw(chance, ALPHANUMERIC, 18)}".encode()).decode()


def discord(chance: random.Random) -> str:
    """Draw the token of a bot, which begins with its number."""
    number = base64.b64encode(("1" + draw(chance, DIGITS, 17)).encode()).decode().rstrip("=")
    return f"{number}.{draw(chance, URL_SAFE, 6)}.{draw(chance, URL_SAFE, 38)}"


PREFIXED: dict[str, tuple[str, Sequence[tuple[str, int] | str]]] = {
    "huggingface-token": ("h^f_", [(LETTERS, 34)]),
    "huggingface-token-in-a-word": ("xh^f_", [(LETTERS, 34)]),
    "huggingface-oauth-token": ("h^f_oauth_", [(ALPHANUMERIC, 60)]),
    "huggingface-organization-token": ("api^_org_", [(LETTERS, 34)]),
    "anthropic-key": ("sk^-ant-api03-", [(URL_SAFE, 93)]),
    "openrouter-key": ("sk^-or-v1-", [(HEX, 64)]),
    "openai-project-key": ("sk^-proj-", [(URL_SAFE, 74), "T3Blbk" + "FJ", (URL_SAFE, 74)]),
    "openai-key": ("sk^-", [(ALPHANUMERIC, 48)]),
    "langsmith-key": ("lsv2^_pt_", [(HEX, 32), "_", (HEX, 10)]),
    "nvidia-key": ("nvapi^-", [(URL_SAFE, 64)]),
    "pinecone-key": ("pcsk^_", [(ALPHANUMERIC, 6), "_", (ALPHANUMERIC, 63)]),
    "groq-key": ("gsk^_", [(ALPHANUMERIC, 52)]),
    "replicate-token": ("r8^_", [(ALPHANUMERIC, 37)]),
    "xai-key": ("xai^-", [(ALPHANUMERIC, 80)]),
    "perplexity-key": ("pplx^-", [(ALPHANUMERIC, 48)]),
    "cerebras-key": ("csk^-", [(LOWER, 48)]),
    "together-key": ("tgp^_v1_", [(URL_SAFE, 43)]),
    "fireworks-key": ("fw^_", [(ALPHANUMERIC, 24)]),
    "voyage-key": ("pa^-", [(URL_SAFE, 43)]),
    "jina-key": ("jina^_", [(HEX, 32), (ALPHANUMERIC, 28)]),
    "nomic-key": ("nk^-", [(URL_SAFE, 43)]),
    "llamacloud-key": ("llx^-", [(ALPHANUMERIC, 48)]),
    "tavily-key": ("tvly^-dev-", [(ALPHANUMERIC, 32)]),
    "firecrawl-key": ("fc^-", [(HEX, 32)]),
    "elevenlabs-key": ("sk^_", [(HEX, 48)]),
    "wandb-token": ("wandb^_v1_", [(ALPHANUMERIC, 27), "_", (ALPHANUMERIC, 49)]),
    "e2b-key": ("e2b^_", [(HEX, 40)]),
    "runpod-key": ("rpa^_", [(CAPITALS, 40), (ALPHANUMERIC, 6)]),
    "modal-token": ("ak^-", [(ALPHANUMERIC, 22)]),
    "kaggle-token": ("KGAT^_", [(HEX, 32)]),
    "neptune-token": ("eyJhcGlf^YWRkcmVzcyI6", [(BASE64, 120), "=="]),
    "anyscale-token": ("esecret^_", [(LOWER, 26)]),
    "prefect-key": ("pnu^_", [(ALPHANUMERIC, 36)]),
    "posthog-key": ("phx^_", [(ALPHANUMERIC, 44)]),
    "github-token": ("ghp^_", [(ALPHANUMERIC, 36)]),
    "github-fine-grained-token": ("github^_pat_", [(ALPHANUMERIC, 22), "_", (ALPHANUMERIC, 59)]),
    "gitlab-token": ("glpat^-", [(URL_SAFE, 27), ".01.", (LOWER, 9)]),
    "npm-token": ("npm^_", [(ALPHANUMERIC, 36)]),
    "pypi-token": ("pypi^-AgEIcHlwaS5vcmc", [(URL_SAFE, 120)]),
    "rubygems-key": ("rubygems^_", [(HEX, 48)]),
    "crates-token": ("ci^o", [(ALPHANUMERIC, 32)]),
    "nuget-key": ("oy^2", [(LOWER, 43)]),
    "docker-token": ("dckr^_pat_", [(URL_SAFE, 27)]),
    "artifactory-key": ("AK^Cp", [(ALPHANUMERIC, 69)]),
    "atlassian-token": ("ATATT^3", [(URL_SAFE, 186)]),
    "bitbucket-password": ("AT^BB", [(ALPHANUMERIC, 32)]),
    "figma-token": ("figd^_", [(URL_SAFE, 40)]),
    "linear-key": ("lin^_api_", [(ALPHANUMERIC, 40)]),
    "notion-token": ("ntn^_", [(DIGITS, 11), (ALPHANUMERIC, 35)]),
    "airtable-token": ("pa^t", [(ALPHANUMERIC, 14), ".", (HEX, 64)]),
    "postman-key": ("PMAK^-", [(HEX, 24), "-", (HEX, 34)]),
    "sentry-token": ("sntrys^_eyJpYXQiO", [(ALPHANUMERIC, 120), "_", (ALPHANUMERIC, 43)]),
    "sentry-user-token": ("sntryu^_", [(HEX, 64)]),
    "sonarqube-token": ("squ^_", [(HEX, 40)]),
    "sourcegraph-token": ("sgp^_", [(HEX, 16), "_", (HEX, 40)]),
    "buildkite-token": ("bkua^_", [(HEX, 40)]),
    "circleci-token": ("CCIPAT^_", [(ALPHANUMERIC, 22), "_", (HEX, 40)]),
    "1password-token": ("ops^_eyJ", [(URL_SAFE, 300)]),
    "contentful-token": ("CFPAT^-", [(URL_SAFE, 43)]),
    "typeform-token": ("tfp^_", [(ALPHANUMERIC, 44), "_", (ALPHANUMERIC, 14)]),
    "aws-access-key-id": ("AK^IA", [(BASE32, 16)]),
    "aws-bedrock-key": ("AB^SK", [(BASE64, 128)]),
    "aws-session": ("IQoJb3Jp^Z2lu", [(BASE64, 300), "="]),
    "google-api-key": ("AI^za", [(URL_SAFE, 35)]),
    "google-bound-api-key": ("AQ^.Ab8RN6", [(URL_SAFE, 44)]),
    "google-oauth-secret": ("GOC^SPX-", [(URL_SAFE, 28)]),
    "google-access-token": ("ya2^9.a0", [(URL_SAFE, 160)]),
    "google-refresh-token": ("1/^/0", [(URL_SAFE, 60)]),
    "azure-client-secret": ("", [(ALPHANUMERIC, 3), "8" + "Q~", (ALPHANUMERIC + "_~.-", 33), "a"]),
    "azure-devops-token": ("", [(ALPHANUMERIC, 76), "AZ" + "DO", (ALPHANUMERIC, 4)]),
    "azure-service-key": ("", [(ALPHANUMERIC, 52), "JQQ" + "J99", (ALPHANUMERIC, 26)]),
    "alibaba-key-id": ("LT^AI", [(ALPHANUMERIC, 20)]),
    "tencent-key-id": ("AK^ID", [(ALPHANUMERIC, 32)]),
    "yandex-key": ("AQ^VN", [(URL_SAFE, 36)]),
    "digitalocean-token": ("dop^_v1_", [(HEX, 64)]),
    "databricks-token": ("da^pi", [(HEX, 32)]),
    "vault-token": ("hv^s.", [(URL_SAFE, 95)]),
    "terraform-token": ("", [(ALPHANUMERIC, 14), ".atlas" + "v1.", (ALPHANUMERIC, 67)]),
    "pulumi-token": ("pu^l-", [(HEX, 40)]),
    "doppler-token": ("dp.p^t.", [(ALPHANUMERIC, 43)]),
    "fly-token": ("fm2^_", [(BASE64, 160)]),
    "heroku-key": ("HRKU^-AA", [(URL_SAFE, 58)]),
    "vercel-token": ("vcp^_", [(ALPHANUMERIC, 56)]),
    "netlify-token": ("nfp^_", [(ALPHANUMERIC, 40)]),
    "render-key": ("rnd^_", [(ALPHANUMERIC, 28)]),
    "cloudflare-token": ("cfut^_", [(ALPHANUMERIC, 48)]),
    "cloudflare-origin-key": ("v1.0^-", [(HEX, 24), "-", (HEX, 146)]),
    "supabase-token": ("sbp^_", [(HEX, 40)]),
    "planetscale-token": ("pscale^_tkn_", [(URL_SAFE, 43)]),
    "neon-key": ("napi^_", [(LOWER, 64)]),
    "mongodb-atlas-secret": ("mdb^_sa_sk_", [(URL_SAFE, 40)]),
    "aiven-password": ("AVNS^_", [(URL_SAFE, 19)]),
    "dropbox-token": ("sl^.u.", [(URL_SAFE, 135)]),
    "tailscale-key": ("tskey^-auth-", [(ALPHANUMERIC, 16), "-", (ALPHANUMERIC, 32)]),
    "openshift-token": ("sha256^~", [(URL_SAFE, 43)]),
    "grafana-token": ("glsa^_", [(ALPHANUMERIC, 32), "_", (HEX, 8)]),
    "grafana-cloud-token": ("glc^_", [(BASE64, 120), "="]),
    "new-relic-key": ("NRAK^-", [(CAPITALS, 27)]),
    "dynatrace-token": ("dt0c^01.", [(CAPITALS, 24), ".", (CAPITALS, 64)]),
    "slack-token": ("xo^xb-", [(DIGITS, 12), "-", (ALPHANUMERIC, 24)]),
    "slack-app-token": ("xa^pp-1-A", [(BASE32, 10), "-", (DIGITS, 13), "-", (HEX, 64)]),
    "stripe-key": ("sk^_live_", [(ALPHANUMERIC, 24)]),
    "webhook-secret": ("whsec^_", [(ALPHANUMERIC, 32)]),
    "shopify-token": ("shpat^_", [(HEX, 32)]),
    "square-token": ("sq0at^p-", [(URL_SAFE, 22)]),
    "sendgrid-key": ("S^G.", [(URL_SAFE, 22), ".", (URL_SAFE, 43)]),
    "brevo-key": ("xkeysib^-", [(HEX, 64), "-", (ALPHANUMERIC, 16)]),
    "mailgun-key": ("ke^y-", [(HEX, 32)]),
    "mailchimp-key": ("", [(HEX, 32), "-u" + "s14"]),
    "resend-key": ("re^_", [(ALPHANUMERIC, 8), "_", (ALPHANUMERIC, 24)]),
    "twilio-key": ("S^K", [(HEX, 32)]),
    "age-key": ("AGE-SECRET^-KEY-1", [(BECH32, 58)]),
    "aws-secret-access-key": ("aws_secret_access^_key = ", [(BASE64, 40)]),
    "aws-session-token": ('"Session^Token": "', [(BASE64, 300), '"']),
    "azure-storage-key": ("Account^Key=", [(BASE64, 86), "=="]),
    "azure-shared-access-key": ("SharedAccess^Key=", [(BASE64, 43), "="]),
    "azure-sas": ("sv=2024-11-04&se=2027-01-01&si^g=", [(ALPHANUMERIC, 43), "%3D"]),
    "wandb-key": ('wandb^.login(key="', [(HEX, 40), '")']),
    "kaggle-key": ('{"username":"jane","ke^y":"', [(HEX, 32), '"}']),
    "named-api-key": ("COHERE_API^_KEY=", [(ALPHANUMERIC, 40)]),
    "clearml-secret": ('"secret^_key" = "', [(ALPHANUMERIC, 50), '"']),
    "npmrc-token": ("//registry.npmjs.org/:_auth^Token=", [(ALPHANUMERIC, 36)]),
    "url-password": ("postgresql+psycopg2:/^/svc:", [(ALPHANUMERIC, 16), "@db.acme.io/x"]),
    "url-token": ("https:/^/", [(HEX, 40), "@github.com/acme/x"]),
    "connection-password": ("Server=db.acme.io;Pw^d=", [(ALPHANUMERIC, 14), ";"]),
    "netrc-password": ("machine api.acme.io lo^gin jane password ", [(ALPHANUMERIC, 14)]),
    "pypirc-password": ("username = jane\npass^word = ", [(ALPHANUMERIC, 14)]),
    "putty-private-key": ("Private-Li^nes: 4\n", [(BASE64, 64), "\n", (BASE64, 64)]),
}

TOKENS: dict[str, Callable[[random.Random], str]] = {
    "huggingface-jwt": lambda chance: "hf" + "_jwt_" + jwt(chance),
    "langfuse-secret-key": lambda chance: "sk" + "-lf-" + guid(chance),
    "hubspot-token": lambda chance: "pat" + "-na1-" + guid(chance),
    "slack-webhook": lambda chance: (
        "https://hooks.slack"
        f".com/services/T{draw(chance, BASE32, 9)}/B{draw(chance, BASE32, 9)}/{draw(chance, ALPHANUMERIC, 24)}"
    ),
    "discord-webhook": lambda chance: (
        f"https://discord.com/api/webhooks/1{draw(chance, DIGITS, 18)}/{draw(chance, URL_SAFE, 68)}"
    ),
    "discord-bot-token": discord,
    "teams-webhook": lambda chance: (
        "https://acme.webhook.office"
        f".com/webhookb2/{guid(chance)}@{guid(chance)}/IncomingWebhook/{draw(chance, HEX, 32)}/{guid(chance)}"
    ),
    "telegram-bot-token": lambda chance: draw(chance, "123456789", 10) + ":A" + "A" + draw(chance, URL_SAFE, 33),
    "mapbox-secret": lambda chance: "sk" + ".eyJ" + draw(chance, URL_SAFE, 60) + "." + draw(chance, URL_SAFE, 22),
    "json-web-token": jwt,
    "private-key": pem,
    "registry-login": lambda chance: '{"auths": {"ghcr.io": {"auth": "' + login(chance) + '"}}}',
    "basic-login": lambda chance: "Authorization: Basic " + login(chance),
}
"""For every rule, a function that draws a credential. Those in `PREFIXED` are added below."""


def _prefixed(prefix: str, parts: Sequence[tuple[str, int] | str]) -> Callable[[random.Random], str]:
    return lambda chance: (
        prefix.replace("^", "") + "".join(part if isinstance(part, str) else draw(chance, *part) for part in parts)
    )


TOKENS |= {name: _prefixed(prefix, parts) for name, (prefix, parts) in PREFIXED.items()}
