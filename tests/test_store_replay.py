"""A token is used once, whoever asks."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from fhir.store.replay import USED_TOKEN, UsedTokens

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
ISSUER = "https://ehr.example"


@pytest.fixture
def used(place) -> UsedTokens:
    return UsedTokens(place.database())


def kept(place) -> list[str]:
    with place.database().read() as connection:
        return list(connection.execute(select(USED_TOKEN.c.digest)).scalars())


def test_a_token_is_new_once(used):
    assert used.first_use(ISSUER, "j1", LATER, NOW)
    assert not used.first_use(ISSUER, "j1", LATER, NOW)
    assert not used.first_use(ISSUER, "j1", LATER + timedelta(days=1), LATER)


def test_another_id_or_another_issuer_is_another_token(used):
    assert used.first_use(ISSUER, "j1", LATER, NOW)
    assert used.first_use(ISSUER, "j2", LATER, NOW)
    assert used.first_use("https://other.example", "j1", LATER, NOW)
    assert used.first_use(ISSUER + "j", "1", LATER, NOW)


def test_it_is_remembered_up_to_the_moment_it_expires(used):
    ends = NOW + timedelta(seconds=10, microseconds=1)
    assert used.first_use(ISSUER, "j1", ends, NOW)
    for microseconds in (0, 1):
        almost = NOW + timedelta(seconds=10, microseconds=microseconds)
        assert not used.first_use(ISSUER, "j1", ends, almost)


def test_an_expired_token_is_never_new_since_it_would_be_forgotten_at_once(used, place):
    assert not used.first_use(ISSUER, "j1", NOW, NOW)
    assert not used.first_use(ISSUER, "j1", NOW - timedelta(days=1), NOW)
    assert kept(place) == []


def test_what_has_expired_is_removed(used, place):
    for number in range(5):
        used.first_use(ISSUER, str(number), LATER, NOW)
    assert len(kept(place)) == 5
    used.first_use(ISSUER, "new", LATER + timedelta(hours=1), LATER + timedelta(seconds=1))
    assert len(kept(place)) == 1


def test_only_a_digest_is_kept(used, place):
    used.first_use(ISSUER, "a-token-id", LATER, NOW)
    (digest,) = kept(place)
    assert len(digest) == 64
    assert set(digest) <= set("0123456789abcdef")


def test_of_many_at_once_one_is_first(place):
    guards = [UsedTokens(place.database()) for _ in range(4)]
    answers: list[bool] = []

    def ask(guard: UsedTokens) -> None:
        answers.extend(guard.first_use(ISSUER, str(n), LATER, NOW) for n in range(5))

    threads = [threading.Thread(target=ask, args=(guard,)) for guard in guards]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False] * 15 + [True] * 5
    with place.database().read() as connection:
        assert connection.execute(select(func.count()).select_from(USED_TOKEN)).scalar_one() == 5
