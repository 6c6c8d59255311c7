"""No secret leaves the house, whatever a message holds; and what is none can still be read."""

import pytest

from tests.alerts.receiver import notice
from worker.clients.notices import as_json
from worker.clients.redaction import HIDDEN, LONGEST, redact, redact_value

CANARIES = [
    ("postgresql://mint:{}@db:5432/mintmark", "s3cr/et@word"),
    ("amqp://u:{}@host/x", "pa@ss@word"),
    ("could not connect: host=db password={} user=mint", "hunter2"),
    ("password: '{}'", "with some spaces in it"),
    ('{{"client_secret": "{}", "x": 1}}', "abc-def-ghi"),
    ("https://api.example.com/x?api_key={}&page=2", "K1"),
    ("https://api.example.com/x?access_token={}", "t0"),
    ("https://x.blob.example.com/f?sv=1&sig={}", "aB%2F3d%3D"),
    ("Authorization: Bearer {}", "abcdefgh"),
    ("authorization: Basic {}", "dXNlcjpwYXNz"),
    ("the token is v^1.1#{} and expired", "i^1#p^3#I^3#r^0#f^0#t^H4sIAAAA"),
    ("eyJ{}", "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"),
    ("key {} was revoked", "5f4dcc3b5aa765d61d8327deb882cf99"),
    ("key {} was revoked", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("key {} was revoked", "c29tZXRoaW5nIHNlY3JldCBnb2VzIGhlcmU0Mg=="),
    ("xoxb-{}", "123456789012-abcdefghijkl"),
    ("ghp_{}", "abcdefghijklmnopqrstuvwxyz0123456789"),
    ("sk_live_{}", "abcdefghijklmnop"),
    ("AKIA{}", "IOSFODNN7EXAMPLE"),
    ("https://hooks.slack.com/services/{}", "T0/B0/xyz"),
    ("https://discord.com/api/webhooks/{}", "123/abc-def"),
    ("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", "MIIB\nabcd"),
    ("-----BEGIN RSA PRIVATE KEY-----\n{}", "MIIB cut short"),
]


@pytest.mark.parametrize(("around", "canary"), CANARIES)
def test_a_secret_is_hidden_wherever_it_stands(around: str, canary: str) -> None:
    told = redact(f"It failed: {around.format(canary)}")

    assert canary not in told
    assert HIDDEN in told
    assert told.startswith("It failed: ")


@pytest.mark.parametrize(("around", "canary"), CANARIES)
def test_a_secret_is_hidden_in_every_part_of_an_alert(around: str, canary: str) -> None:
    secret = around.format(canary)
    data = {"why": secret, "list": [{"deep": secret}], secret: 1, "password": canary}

    told = str(as_json(notice(message=secret, key=secret, data=data)))

    assert canary not in told


@pytest.mark.parametrize(
    "text",
    [
        'The run "nightly cards" (normalize_batch) has failed: 2 of its jobs, the last with source_down.',
        "run 0f3a1c2e-8b1d-4c55-9e42-a1b2c3d4e5f6, job 184467",
        "More: mintmark run show 0f3a1c2e",
        "worker/handlers/normalize_batch.py and tests/handlers/test_normalize_batch.py",
        "https://api.pokemontcg.io/v2/cards?page=2 answered 503",
        "spent 1,249.9375 of 2500 cents at 2026-11-20 21:40:24 UTC",
        "mail to ops@example.com",
    ],
)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert redact(text) == text


def test_numbers_and_what_has_no_text_pass_through_values() -> None:
    assert redact_value({"n": 1, "x": [None, True, 2.5]}) == {"n": 1, "x": [None, True, 2.5]}


@pytest.mark.parametrize("unit", ["a", "://", "@", "password", "a.b", "eyJ", "-----BEGIN A-----", "://x@ "])
@pytest.mark.timeout(10)
def test_a_text_made_to_take_long_takes_no_time(unit: str) -> None:
    assert len(redact(unit * 100_000)) <= 2 * LONGEST
