"""`ETag` and `If-Match`: nobody overwrites what he has not seen."""

import threading
from typing import Any

import pytest
from django.db import connection

from clients.models import Client
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from tests.api.conftest import Caller, problem, wrong


@pytest.fixture
def anna(api: Caller) -> str:
    address: str = api.post("clients", {"first_name": "Anna"})["Location"]
    return address


def test_the_etag_is_the_version(api: Caller, anna: str) -> None:
    assert api.get(anna)["ETag"] == '"1"'
    changed = api.patch(anna, {"first_name": "Anne"})
    assert (changed["ETag"], changed.json()["version"]) == ('"2"', 2)
    unchanged = api.patch(anna, {"first_name": "Anne"})
    assert (unchanged["ETag"], unchanged.status_code) == ('"2"', 200)


@pytest.mark.parametrize("match", ['"2"', "*", ' "2" '])
def test_a_fresh_version_is_changed(api: Caller, anna: str, match: str) -> None:
    api.patch(anna, {"first_name": "Anne"})
    assert api.patch(anna, {"last_name": "Berg"}, If_Match=match)["ETag"] == '"3"'


@pytest.mark.parametrize("match", ['"1"', '"3"', '"999999999"'])
def test_a_stale_version_is_not(api: Caller, anna: str, match: str) -> None:
    api.patch(anna, {"first_name": "Anne"})
    problem(api.patch(anna, {"first_name": "Anja"}, If_Match=match), 412, "version_conflict")
    assert api.get(anna).json()["first_name"] == "Anne"


@pytest.mark.parametrize("match", ["2", 'W/"2"', '"2", "3"', '"x"', "", '"1000000000"', '"²"'])
def test_what_is_no_etag_of_ours(api: Caller, anna: str, match: str) -> None:
    assert wrong(api.patch(anna, {"first_name": "Anja"}, If_Match=match)) == {"If-Match": "invalid"}


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_is_told(api: Caller, anna: str, sonnenschein: Salon) -> None:
    for version in range(1, 11):
        start = threading.Barrier(2)
        answers: list[Any] = []

        def change(
            name: str, version: int = version, start: threading.Barrier = start, answers: list[Any] = answers
        ) -> None:
            start.wait()
            answers.append(Caller(api.key).patch(anna, {"first_name": name}, If_Match=f'"{version}"'))
            connection.close()

        names = (f"Anna {version}", f"Berta {version}")
        threads = [threading.Thread(target=change, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answer.status_code for answer in answers) == [200, 412]
        with salon_scope(sonnenschein.pk):
            assert Client.objects.get().version == version + 1
