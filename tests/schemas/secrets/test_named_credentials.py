"""Credentials that only their surroundings name: the forms in which they occur, and similar text that has none."""

import base64
import random

import pytest

from hublish.audit.secret_scan import secrets_in_text
from hublish.schemas.secrets.masking import holds_token
from tests.planted_tokens import ALPHANUMERIC, BASE64, CAPITALS, DIGITS, HEX, LOWER, draw
from tests.rows import every

CHANCE = random.Random(8)
PASSWORD = draw(CHANCE, ALPHANUMERIC, 14)
AWS = draw(CHANCE, BASE64, 40)
SESSION = draw(CHANCE, BASE64, 400)
KEY_40 = draw(CHANCE, HEX, 40)
KEY_32 = draw(CHANCE, HEX, 32)
SIGNATURE = draw(CHANCE, ALPHANUMERIC, 43)
TOKEN = draw(CHANCE, ALPHANUMERIC, 40)
LOGIN = base64.b64encode(f"deploy:{PASSWORD}".encode()).decode()
KEY_LINES = "\n".join(draw(CHANCE, BASE64, 64) for _ in range(4))
HEAD = "PRIVATE " + "KEY"

FORMS = {
    "url-password": [
        *(
            f"{scheme}://svc:{PASSWORD}@db.acme.io:5432/x"
            for scheme in (
                *(
                    "postgres",
                    "postgresql+psycopg2",
                    "mysql",
                    "mysql+pymysql",
                    "mongodb+srv",
                    "rediss",
                    "amqps",
                    "mssql",
                ),
                *(
                    "ftp",
                    "sftp",
                    "smtp",
                    "https",
                    "http",
                    "socks5",
                    "snowflake",
                    "clickhouse",
                    "jdbc:oracle",
                    "s3",
                    "git+https",
                ),
            )
        ),
        f"redis://:{PASSWORD}@cache.acme.io:6379/0",
        f"url = https://oauth2:{PASSWORD}@gitlab.com/acme/x.git",
        f"--extra-index-url https://jane:{PASSWORD}@pypi.acme.io/simple",
        f"postgres://svc:p%40{PASSWORD}@10.0.0.5/x",
        f"postgres://svc:{PASSWORD}!#@db.acme.io/x",
        f"postgres://postgres:S3cure{PASSWORD}@localhost/x",
        "mysql://root:correct horse"[:13] + "correcthorsebatterystaple@db.acme.io",
    ],
    "url-token": [f"https://{KEY_40}@github.com/acme/x", f"https://{KEY_40}:x-oauth-basic@github.com/acme/x"],
    "connection-password": [
        f"Server=db.acme.io;Database=x;User Id=svc;Password={PASSWORD};Encrypt=yes",
        f"DRIVER={{ODBC Driver 18}};SERVER=db.acme.io;UID=svc;PWD={PASSWORD}",
        f"Password={PASSWORD};Server=db.acme.io",
        f"jdbc:postgresql://db.acme.io/x?user=svc&password={PASSWORD}",
        f"jdbc:sqlserver://db.acme.io:1433;user=svc;password={PASSWORD};encrypt=true",
        f"host=db.acme.io user=svc password={PASSWORD} dbname=x",
        f"host=db.acme.io password={PASSWORD} sslmode=require",
        f"https://acme.io/login?user=svc&pwd={PASSWORD}",
    ],
    "netrc-password": [
        f"machine api.acme.io login jane password {PASSWORD}",
        f"machine api.acme.io\n  login jane\n  password {PASSWORD}\n",
        f"default login jane password {PASSWORD}",
        f"machine api.acme.io\n\tlogin jane\n\taccount x\n\tpassword {PASSWORD}\nmacdef init\ncd x\n",
        f"machine api.acme.io password {PASSWORD} login jane",
        f"printf 'machine api.acme.io\\n login jane\\n password {PASSWORD}\\n'",
    ],
    "aws-secret-access-key": [
        f'{{"AccessKeyId": "x", "SecretAccessKey": "{AWS}", "SessionToken": "y"}}',
        f'{{"sessionToken":"y","secretAccessKey":"{AWS}"}}',
        f"[default]\naws_secret_access_key = {AWS}\n",
        f"export AWS_SECRET_ACCESS_KEY={AWS}",
        f"<SecretAccessKey>{AWS}</SecretAccessKey>",
        f"boto3.client('s3', aws_secret_access_key='{AWS}')",
        f"spark.hadoop.fs.s3a.secret.key={AWS}",
        f'{{\\"SecretAccessKey\\": \\"{AWS}\\"}}',
    ],
    "aws-session-token": [
        f'"SessionToken": "{SESSION}"',
        f'"sessionToken":"{SESSION}=="',
        f"aws_session_token = {SESSION}",
        f"AWS_SESSION_TOKEN={SESSION}",
        f"X-Amz-Security-Token={SESSION}",
    ],
    "azure-sas": [
        f"https://acme.blob.core.windows.net/c?sv=2024-11-04&ss=b&se=2027-01-01T00:00:00Z&sp=r&sig={SIGNATURE}%3D",
        f"?sig={SIGNATURE}%3D&se=2027-01-01&sv=2024-11-04",
        f"SharedAccessSignature=sr=x&sig={SIGNATURE[:40]}%2B%2Fa%3D&se=1&skn=k",
        f"<a href='x?sv=2024&amp;sig={SIGNATURE}='>",
        f'"x?sv=2024\\u0026sig={SIGNATURE}%3D"',
    ],
    "wandb-key": [
        f'wandb.login(key="{KEY_40}")',
        f"wandb.login('{KEY_40}', relogin=True)",
        f"wandb.login(relogin=True, key='{KEY_40}')",
        f"os.environ['WANDB_API_KEY'] = '{KEY_40}'",
        f"!wandb login {KEY_40}",
        f"wandb login --relogin {KEY_40}",
        f"wandb_key: {KEY_40}",
    ],
    "kaggle-key": [
        f'{{"username":"jane","key":"{KEY_32}"}}',
        f'{{\n  "username": "jane",\n  "key": "{KEY_32}"\n}}',
        f'{{\\"username\\":\\"jane\\",\\"key\\":\\"{KEY_32}\\"}}',
        f"os.environ['KAGGLE_KEY'] = '{KEY_32}'",
    ],
    "named-api-key": [
        f"COHERE_API_KEY={TOKEN}",
        f"export COMET_API_KEY='{TOKEN}'",
        f'"CLOUDFLARE_API_TOKEN": "{TOKEN}"',
        f"os.environ['MISTRAL_API_KEY'] = '{draw(CHANCE, ALPHANUMERIC, 32)}'",
    ],
    "npmrc-token": [f"//registry.npmjs.org/:_authToken={TOKEN}", f'//npm.acme.io/:_authToken="{TOKEN}"'],
    "pypirc-password": [f"[acme]\nrepository = https://pypi.acme.io\nusername = jane\npassword = {PASSWORD}\n"],
    "registry-login": [f'{{"auths":{{"ghcr.io":{{"auth":"{LOGIN}"}}}}}}', f"//npm.acme.io/:_auth={LOGIN}"],
    "basic-login": [f"Authorization: Basic {LOGIN}", f'-H "authorization: basic {LOGIN}"'],
    "private-key": [
        *(
            f"-----BEGIN {kind}{HEAD}-----\n{KEY_LINES}\n-----END"
            for kind in ("", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED ")
        ),
        f"-----BEGIN PGP {HEAD} BLOCK-----\nVersion: GnuPG v2\n\n{KEY_LINES}\n",
        f"---- BEGIN SSH2 ENCRYPTED {HEAD} ----\nComment: x\n{KEY_LINES}\n",
        f"-----BEGIN RSA {HEAD}-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,{KEY_32.upper()}\n\n{KEY_LINES}",
        f'{{"type": "service_account", "private_key": "-----BEGIN {HEAD}-----\\n{KEY_LINES}\\n"}}'.replace("\n", "\\n"),
    ],
    "putty-private-key": [f"PuTTY-User-Key-File-{v}: ssh-rsa\nPrivate-" + f"Lines: 4\n{KEY_LINES}\n" for v in "23"],
    "azure-storage-key": [
        "AccountName=x;Account" + f"Key={draw(CHANCE, BASE64, 86)}==;EndpointSuffix=core.windows.net",
        f'account_key="{draw(CHANCE, BASE64, 86)}=="',
    ],
    "azure-shared-access-key": ["SharedAccessKeyName=k;SharedAccess" + f"Key={draw(CHANCE, BASE64, 43)}="],
}


@every("form", [(kind, text) for kind, texts in FORMS.items() for text in texts])
def test_a_credential_is_found_in_each_of_its_forms(form: tuple[str, str]) -> None:
    kind, text = form
    assert kind in {secret.rule for secret in secrets_in_text(f"first line\n{text}\nlast line\n")}
    assert holds_token(text)


CLEAN = [
    *("postgres://user:password@localhost/db", "https://user:pass@example.com/x", "mysql://root:root@db/x"),
    *("postgres://svc:${PASSWORD}@db.acme.io/x", "redis://:<password>@cache.acme.io", "amqp://guest:guest@mq.acme.io"),
    *("postgres://svc:{password}@db.acme.io/x", "ftp://me:xxxxxxxx@ftp.acme.io", "https://u:changeme@acme.io"),
    *(
        "postgres://test:test1234@localhost/db",
        "https://x-access-token:$TOKEN@github.com/acme/x",
        "http://u:%s@acme.io",
    ),
    *("http://localhost:8000/a@b", "https://host/a:b@c", "git@github.com:acme/x.git", "s3://bucket/a:b@c"),
    *(
        "mongodb://user:secret123@mongo.example.org",
        "https://user:your-password@acme.io",
        "smtp://a:my_password@acme.io",
    ),
    *("Server=db;Pwd=password;", "Server=db;Password=<password>;", "password=password host=localhost", "?password=***"),
    *(
        "login and password fields are here",
        "machine learning with password protection",
        "login jane password changeme",
    ),
    *("default login anonymous password user@example.com"[:33] + "guest", "machine h login u password ${PASSWORD}"),
    *(
        "login(user, password)",
        "self.login(username=username, password=password)",
        "username=u\npassword=self.password",
    ),
    'wandb.login(key="' + "x" * 40 + '")',
    f"wandb/wandb@{KEY_40}",
    f"wandb: commit {KEY_40}",
    f"git checkout {KEY_40}",
    f'{{"username": "jane", "id": "{KEY_32}"}}',
    f"md5: {KEY_32}",
    "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY",
    "COHERE_API_KEY=os.environ['COHERE_API_KEY']",
    "COHERE_API_KEY=your-cohere-api-key-goes-here-please",
    "?sig=short&sv=1",
    '{"auth": "token"}',
    '{"authors": "' + "QWxhZGRpbjpvcGVuIHNlc2FtZQ==" + '"}',
    "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
    "Authorization: Basic " + base64.b64encode(b"user:password").decode(),
    "Basic understanding of machine learning",
    "_authToken=${NPM_TOKEN}",
    f'if line == "-----BEGIN {HEAD}-----":\n    raise ValueError',
    f"-----BEGIN {HEAD}-----\nMIIEvQIBADANBgkqhkiG9w0BAQ...\n-----END {HEAD}-----",
    "Private-" + "Lines: 4",
]


@pytest.mark.parametrize("text", CLEAN)
def test_similar_text_is_not_a_finding(text: str) -> None:
    assert secrets_in_text(f"first line\n{text}\nlast line\n") == ()
    assert not holds_token(text)


NEAR_MISSES = [
    f"fw_{draw(CHANCE, ALPHANUMERIC, 40)}",
    f"TensorImpl8_fw_{draw(CHANCE, ALPHANUMERIC, 24)}",
    f"pa-{draw(CHANCE, LOWER, 43)}",
    f"nvapi-{'some-identifier-in-kebab-case-' * 3}",
    f"sbp_{'x' * 40}",
    f"ntn_{draw(CHANCE, DIGITS, 46)}",
    f"secret_{draw(CHANCE, LOWER, 43)}",
    f"AGE-SECRET-KEY-1{'Q' * 58}",
    f"shpat_{draw(CHANCE, HEX, 20)}",
    f"1//0{draw(CHANCE, DIGITS, 40)}",
    f"MTA{draw(CHANCE, CAPITALS, 22)}.aaaaaa.{'b' * 30}",
    "whsec_" + "test_secret_" * 3,
    f"abc8{'Q~'}{'a' * 34}",
]


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_an_identifier_with_the_prefix_of_a_token_is_not_a_finding(text: str) -> None:
    assert secrets_in_text(f"value = {text}\n") == ()
