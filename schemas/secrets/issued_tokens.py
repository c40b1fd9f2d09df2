"""The tokens that begin with a prefix of their issuer, in the formats that the issuers document.

A rule is a line. Lengths are the shortest that an issuer documents, or less where it documents none: a token that
became longer is found all the same, and the check of the random part keeps identifiers and placeholders out.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from hublish.schemas.secrets.genuine_values import is_mixed, is_numbered, is_random, is_signed, is_snowflake, is_varied
from hublish.schemas.secrets.rule import Rule

_WORD: Final = "[A-Za-z0-9_-]"
# The most of a body that is matched: a long run may begin a token at each of its words.
_LONGEST: Final = 512
_REST: Final = rf"(?:(?<=[\w+/.=-]{{{_LONGEST}}})[\w+/.=-]*+)?"
_ALPHANUMERIC: Final = "[A-Za-z0-9]"
_HEX: Final = "[0-9a-f]"
_UUID: Final = rf"{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}"
# Possessive: each part ends at the first character that the next one begins with, so nothing is tried twice. Bounded,
# because every `eyJ` in a long run starts a search of that run anew.
_JWT: Final = rf"eyJ{_WORD}{{8,2048}}+\.eyJ{_WORD}{{8,4096}}+\.{_WORD}{{16,512}}+"


def _words(least: int) -> str:
    return rf"{_WORD}{{{least},{_LONGEST}}}+"


def _letters(least: int) -> str:
    return rf"{_ALPHANUMERIC}{{{least},{_LONGEST}}}+(?!\w)"


def _hex(exactly: int) -> str:
    return rf"{_HEX}{{{exactly}}}(?!\w)"


def _alone(name: str, prefixes: str, body: str, genuine: Callable[[str], bool] = is_mixed) -> Rule:
    """Return the rule for a short prefix, which counts only where no longer word contains it."""
    rule = _issued(name, prefixes, body, genuine)
    # A dash joins two words, but it may also begin an option: `-fw_...`.
    return replace(rule, pattern=rf"(?<!\w)(?<!\w-){rule.pattern}(?![\w-])")


def _issued(name: str, prefixes: str, body: str, genuine: Callable[[str], bool] = is_random) -> Rule:
    """Return the rule for a body behind one of the prefixes, which spaces separate."""
    literals = tuple(prefixes.split())
    escaped = "|".join(prefix.replace(".", r"\.") for prefix in literals)
    return Rule(name, literals, f"(?:{escaped})(?P<body>{body})", genuine, rest=_REST)


def _hub() -> Iterator[Rule]:
    """Yield the rules for the Hub's own tokens."""
    yield _issued("huggingface-jwt", "hf_jwt_", rf"{_WORD}{{8,512}}[\w.-]*+")
    yield _issued("huggingface-oauth-token", "hf_oauth_", rf"{_WORD}{{16,512}}[\w.-]*+")
    yield _issued("huggingface-token", "hf_", _letters(30))
    # Of the exact length only, because base64 for URLs contains the prefix by chance.
    yield Rule(
        "huggingface-token-in-a-word",
        ("hf_",),
        rf"{_ALPHANUMERIC}{{1,32}}hf_(?P<body>{_ALPHANUMERIC}{{34}})(?!{_WORD})",
        is_random,
        lead=32,
        place="near",
    )
    yield _issued("huggingface-organization-token", "api_org_", _letters(30))


def _models() -> Iterator[Rule]:
    """Yield the rules for providers of models, of training and of the services around them."""
    yield _issued("anthropic-key", "sk-ant-", _words(32))
    yield _issued("openrouter-key", "sk-or-v1-", rf"{_HEX}{{64}}")
    yield _issued("openai-project-key", "sk-proj- sk-svcacct- sk-admin- sk-None-", _words(32))
    yield _issued("openai-key", "sk-", _letters(32))
    yield _issued("langfuse-secret-key", "sk-lf-", _UUID)
    yield _issued("langsmith-key", "lsv2_pt_ lsv2_sk_ ls__", r"[A-Za-z0-9_]{32,512}+", is_numbered)
    yield _issued("nvidia-key", "nvapi-", _words(32))
    yield _issued("pinecone-key", "pcsk_", r"[A-Za-z0-9_]{32,512}+", is_numbered)
    yield _issued("groq-key", "gsk_", _letters(48))
    yield _issued("replicate-token", "r8_", rf"{_ALPHANUMERIC}{{37,40}}(?!\w)")
    yield _issued("xai-key", "xai-", _letters(70))
    yield _issued("perplexity-key", "pplx-", _letters(40))
    yield _issued("cerebras-key", "csk-", _letters(40), is_numbered)
    yield _issued("together-key", "tgp_v1_", _words(32))
    yield _alone("fireworks-key", "fw_", rf"{_ALPHANUMERIC}{{22,28}}+")
    yield _alone("voyage-key", "pa-", rf"{_WORD}{{40,64}}+")
    yield _issued("jina-key", "jina_", _words(40), is_mixed)
    yield _alone("nomic-key", "nk-", rf"{_WORD}{{43}}")
    yield _issued("llamacloud-key", "llx-", _letters(40), is_mixed)
    yield _issued("tavily-key", "tvly-", _words(20), is_numbered)
    yield _alone("firecrawl-key", "fc-", _hex(32), is_random)
    yield _issued("elevenlabs-key", "sk_", _hex(48))
    yield _issued("wandb-token", "wandb_v1_", r"\w{40,512}+")
    yield _issued("e2b-key", "e2b_", _hex(40))
    yield _issued("runpod-key", "rpa_", _letters(40))
    yield _alone("modal-token", "ak- as-", rf"{_ALPHANUMERIC}{{22}}")
    yield _issued("kaggle-token", "KGAT_", _hex(32))
    # base64 of `{"api_address":`.
    yield _issued("neptune-token", "eyJhcGlfYWRkcmVzcyI6", r"[A-Za-z0-9+/]{40,512}+={0,2}")
    yield _issued("anyscale-token", "esecret_ aph0_", _letters(24), is_numbered)
    yield _issued("prefect-key", "pnu_", _letters(36), is_mixed)
    yield _issued("posthog-key", "phx_", _letters(40), is_mixed)


def _code() -> Iterator[Rule]:
    """Yield the rules for forges, registries of packages, and tools of developers."""
    yield _issued("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", rf"{_ALPHANUMERIC}{{36,251}}+(?!\w)|\d+_{_JWT}")
    yield _issued("github-fine-grained-token", "github_pat_", r"\w{60,90}(?!\w)")
    # The routable tokens end with a dot, a length and a checksum.
    gitlab = "glpat- glptt- gldt- glrt- glrtr- glcbt- glsoat- glft- glimt- glagent- gloas- glffct- glwt-"
    yield _issued("gitlab-token", gitlab, rf"{_WORD}{{20,512}}+(?:\.[0-9a-z]{{2,512}}){{0,3}}")
    yield _issued("npm-token", "npm_", rf"{_ALPHANUMERIC}{{36}}(?!\w)")
    yield _issued("pypi-token", "pypi-AgE", _words(50))
    yield _issued("rubygems-key", "rubygems_", _hex(48))
    yield _alone("crates-token", "cio", rf"{_ALPHANUMERIC}{{32}}")
    yield _issued("nuget-key", "oy2", r"[a-z0-9]{43}(?!\w)", is_numbered)
    yield _issued("docker-token", "dckr_pat_ dckr_oat_", _words(24))
    yield _issued("artifactory-key", "AKCp cmVmd", _letters(58), is_mixed)
    yield _issued("atlassian-token", "ATATT3 ATCTT3 ATSTT3", r"[A-Za-z0-9_=-]{60,512}+")
    yield _issued("bitbucket-password", "ATBB", rf"{_ALPHANUMERIC}{{32,36}}(?!\w)", is_mixed)
    yield _issued("figma-token", "figd_ figu_ figo_ figr_ figdr_ figor_ figur_", _words(32), is_numbered)
    yield _issued("linear-key", "lin_api_ lin_oauth_", _letters(32))
    yield _issued("notion-token", "ntn_ secret_", _letters(40), is_mixed)
    yield _issued("airtable-token", "pat", rf"{_ALPHANUMERIC}{{14}}\.{_HEX}{{64}}(?!\w)")
    yield _issued("postman-key", "PMAK-", rf"{_HEX}{{24}}-{_HEX}{{34}}(?!\w)")
    yield _issued("sentry-token", "sntrys_", r"eyJ[A-Za-z0-9+/=_-]{40,512}+")
    yield _issued("sentry-user-token", "sntryu_", _hex(64))
    yield _issued("sonarqube-token", "squ_ sqp_ sqa_", _hex(40))
    yield _issued("sourcegraph-token", "sgp_ slk_", rf"(?:(?:{_HEX}{{16}}|local)_)?{_HEX}{{40,64}}(?!\w)")
    yield _issued("buildkite-token", "bkua_", _hex(40))
    yield _issued("circleci-token", "CCIPAT_ CCIPRJ_", r"\w{40,512}+", is_mixed)
    yield _issued("1password-token", "ops_eyJ", _words(100))
    yield _issued("hubspot-token", "pat-na1- pat-na2- pat-eu1- pat-ap1-", _UUID)
    yield _issued("contentful-token", "CFPAT-", _words(43))
    yield _issued("typeform-token", "tfp_", r"[A-Za-z0-9_.-]{40,512}+", is_mixed)


def _clouds() -> Iterator[Rule]:
    """Yield the rules for AWS and Google."""
    yield Rule(
        "aws-access-key-id",
        ("AKIA", "ASIA", "ABIA", "ACCA"),
        r"(?:AKIA|ASIA|ABIA|ACCA)(?P<body>[A-Z2-7]{16})(?!\w)",
        is_varied,
    )
    yield _issued("aws-bedrock-key", "ABSK bedrock-api-key-", r"[A-Za-z0-9+/]{60,512}+={0,2}", is_mixed)
    # base64 of `origin_` and of a version and `aws`: the first bytes of a session token.
    yield _issued("aws-session", "IQoJb3JpZ2lu FwoGZXIvYXdz FQoGZXIvYXdz", r"[A-Za-z0-9+/]{60,512}+={0,2}")
    yield _issued("google-api-key", "AIza", rf"{_WORD}{{35}}(?!{_WORD})")
    yield _issued("google-bound-api-key", "AQ.Ab8RN6", _words(30))
    yield _issued("google-oauth-secret", "GOCSPX-", rf"{_WORD}{{28}}")
    yield _issued("google-access-token", "ya29.", r"[A-Za-z0-9_.-]{30,512}+")
    yield _issued("google-refresh-token", "1//0", _words(30), is_mixed)


def _azure() -> Iterator[Rule]:
    """Yield the rules for Azure."""
    # It may contain dots and tildes anywhere, so it need not have a long run.
    yield Rule(
        "azure-client-secret",
        ("Q~",),
        r"(?P<body>[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34})(?![\w~-])",
        is_mixed,
        lead=4,
        place="anywhere",
    )
    # Keys of 84 characters with a signature, so that scanners find them: Azure DevOps, and Azure's other services.
    yield Rule(
        "azure-devops-token",
        ("AZDO",),
        r"(?P<body>[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4})(?!\w)",
        is_mixed,
        lead=76,
        place="near",
    )
    yield Rule(
        "azure-service-key",
        ("JQQJ9",),
        r"(?P<body>[A-Za-z0-9]{52}JQQJ9[9A-Z][A-Za-z0-9]{26})(?!\w)",
        is_mixed,
        lead=52,
        place="near",
    )


def _hosting() -> Iterator[Rule]:
    """Yield the rules for other clouds, databases and monitoring."""
    yield _issued("alibaba-key-id", "LTAI", rf"{_ALPHANUMERIC}{{17,21}}(?!{_WORD})", is_mixed)
    yield _issued("tencent-key-id", "AKID", rf"{_ALPHANUMERIC}{{32}}(?!{_WORD})", is_mixed)
    yield _issued("yandex-key", "AQVN", rf"{_WORD}{{35,38}}(?!{_WORD})", is_mixed)
    yield _issued("digitalocean-token", "dop_v1_ doo_v1_ dor_v1_", rf"{_HEX}{{64}}")
    yield _issued("databricks-token", "dapi dose", rf"{_HEX}{{32}}(?!\w)")
    yield _issued("vault-token", "hvs. hvb. hvr.", _words(24))
    yield Rule(
        "terraform-token",
        (".atlasv1.",),
        rf"(?P<body>{_ALPHANUMERIC}{{14}}\.atlasv1\.{_WORD}{{40,512}}+)",
        is_mixed,
        lead=14,
        place="near",
    )
    yield _issued("pulumi-token", "pul-", _hex(40))
    yield _issued("doppler-token", "dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.", r"[A-Za-z0-9._-]{40,512}+")
    yield _issued("fly-token", "fo1_ fm1r_ fm1a_ fm2_", r"[A-Za-z0-9+/_=-]{43,512}+", is_mixed)
    yield _issued("heroku-key", "HRKU-", _words(36), is_numbered)
    yield _issued("vercel-token", "vcp_ vci_ vca_ vcr_ vck_ vercel_blob_rw_", r"\w{24,512}+", is_mixed)
    yield _issued("netlify-token", "nfp_ nfc_ nfo_ nfu_ nfb_", _letters(36), is_mixed)
    yield _issued("render-key", "rnd_", _letters(28), is_mixed)
    yield _issued("cloudflare-token", "cfut_ cfat_ cfk_", _letters(40), is_mixed)
    yield _issued("cloudflare-origin-key", "v1.0-", rf"{_HEX}{{24}}-{_HEX}{{146}}")
    yield _issued("supabase-token", "sbp_ sbp_oauth_ sbp_v0_ sb_secret_", _words(30), is_numbered)
    yield _issued("planetscale-token", "pscale_tkn_ pscale_oauth_ pscale_pw_", r"[\w=.-]{32,512}+")
    yield _issued("neon-key", "napi_", _letters(48), is_numbered)
    yield _issued("mongodb-atlas-secret", "mdb_sa_sk_", _words(32))
    yield _issued("aiven-password", "AVNS_", _words(16), is_mixed)
    yield _issued("dropbox-token", "sl.", rf"(?:u\.)?{_WORD}{{60,512}}+", is_mixed)
    yield _issued("tailscale-key", "tskey-auth- tskey-api- tskey-client-", r"[A-Za-z0-9]{8,512}-[A-Za-z0-9]{20,512}+")
    yield _issued("openshift-token", "sha256~", _words(43), is_mixed)
    yield _issued("grafana-token", "glsa_", rf"{_ALPHANUMERIC}{{32,512}}+(?:_{_ALPHANUMERIC}{{8}})?(?!\w)")
    yield _issued("grafana-cloud-token", "glc_", r"[A-Za-z0-9+/]{32,512}+={0,2}")
    yield _issued("new-relic-key", "NRAK- NRII-", r"[A-Za-z0-9_-]{27,32}(?!\w)", is_numbered)
    yield _issued("dynatrace-token", "dt0c01. dt0s01. dt0s16.", r"[A-Z0-9]{8,24}\.[A-Z0-9]{64}(?!\w)")


def _messages_and_money() -> Iterator[Rule]:
    """Yield the rules for chat, mail, maps and payments."""
    yield _issued("slack-token", "xoxa- xoxb- xoxc- xoxd- xoxe- xoxo- xoxp- xoxr- xoxs-", r"[A-Za-z0-9%-]{20,512}+")
    yield _issued("slack-app-token", "xapp-", r"\d-[A-Z0-9]+-\d+-[a-f0-9]{32,512}")
    places = r"(?:services|triggers|workflows)/[TE][A-Z0-9]{6,512}/[A-Z0-9]{6,512}/[A-Za-z0-9/]{20,512}+"
    yield _issued("slack-webhook", "hooks.slack.com/", places)
    hooks = "discord.com/api/webhooks/ discordapp.com/api/webhooks/"
    yield _issued("discord-webhook", hooks, rf"\d{{17,20}}/{_WORD}{{60,512}}+")
    # base64 of the bot's number, of a time, and a signature: these are the first two characters for two digits.
    digits = tuple(first + second for first in "MNO" for second in "DTjz" if first + second not in ("Oj", "Oz"))
    bot = rf"[MNO][DTjz][AEIMQUYcgk]{_WORD}{{20,26}}\.{_WORD}{{6}}\.{_WORD}{{27,38}}"
    yield Rule("discord-bot-token", digits, rf"(?P<body>{bot})(?!{_WORD})", is_snowflake)
    identity = rf"{_UUID}@{_UUID}/IncomingWebhook/{_HEX}{{32}}/{_UUID}"
    yield _issued("teams-webhook", "webhook.office.com/webhookb2/", identity)
    bots = rf"\d{{8,10}}:(?P<body>AA{_WORD}{{33}})(?!{_WORD})"
    yield Rule("telegram-bot-token", (":AA",), bots, is_random, lead=10, place="near")
    yield _issued("stripe-key", "sk_live_ sk_test_ rk_live_ rk_test_ sk_prod_ rk_prod_", _letters(24))
    yield _issued("webhook-secret", "whsec_", r"[A-Za-z0-9+/]{24,512}+={0,2}", is_numbered)
    yield _issued("shopify-token", "shpat_ shpca_ shppa_ shpss_ shptka_", r"[0-9a-fA-F]{32}(?!\w)")
    yield _issued("square-token", "sq0atp- sq0csp-", _words(22))
    yield _issued("sendgrid-key", "SG.", rf"{_WORD}{{22}}\.{_WORD}{{43}}")
    yield _issued("brevo-key", "xkeysib- xsmtpsib-", rf"{_HEX}{{64}}-{_ALPHANUMERIC}{{16}}")
    yield _alone("mailgun-key", "key-", _hex(32), is_random)
    chimp = rf"(?P<body>{_HEX}{{32}}-us\d{{1,2}})(?!\w)"
    yield Rule("mailchimp-key", ("-us",), chimp, is_random, lead=32, place="near")
    yield _alone("resend-key", "re_", rf"{_ALPHANUMERIC}{{8}}_{_ALPHANUMERIC}{{24}}")
    yield _issued("twilio-key", "SK", _hex(32))
    yield _issued("mapbox-secret", "sk.eyJ", rf"{_WORD}{{20,512}}+\.{_WORD}{{20,512}}+")


def issued_tokens() -> Iterator[Rule]:
    """Yield the rules in their order: of two that match at one place, the first names the finding."""
    for part in (_hub(), _models(), _code(), _clouds(), _azure(), _hosting(), _messages_and_money()):
        yield from part
    yield Rule("json-web-token", ("eyJ",), rf"(?P<body>{_JWT})", is_signed)
    bech32 = "[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]"
    yield _issued("age-key", "AGE-SECRET-KEY-1 AGE-SECRET-KEY-PQ-1", rf"{bech32}{{58,512}}+", is_varied)
