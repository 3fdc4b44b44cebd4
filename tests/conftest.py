"""The cast: Salon Sonnenschein with owner, manager and stylist, and Barbier am Dom with an owner of its own."""

import gc
import importlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import Client as Browser
from django.test import TransactionTestCase
from hypothesis import HealthCheck
from pytest_django import Settings

from salon.identity.models import Membership, User
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.context import salon_scope
from salon.tenancy.models import Salon
from salon.web.translations import compile_catalogues
from tests import database

# Argon2 as slow as it is in earnest would make the tests take minutes. At import, so that one run knows one cost.
Argon2PasswordHasher.time_cost = 1
Argon2PasswordHasher.memory_cost = 64
Argon2PasswordHasher.parallelism = 1

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
PASSWORD = "treatcard-demo"


def _import_own_share(config: pytest.Config) -> None:
    """Import some of all test modules, other processes the others: pytest rewrites every module for its assertions and
    keeps what it wrote, but processes that went through them in one order would all rewrite all of them."""
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    if worker is None or config.args_source is not config.ArgsSource.TESTPATHS:
        return
    modules = sorted(path.relative_to(config.rootpath) for path in Path(__file__).parent.rglob("test_*.py"))
    ignored = [(config.rootpath / folder).resolve() for folder in config.getoption("ignore") or ()]
    wanted = [path for path in modules if not any(path.resolve().is_relative_to(folder) for folder in ignored)]
    for path in wanted[int(worker["workerid"].removeprefix("gw")) :: worker["workercount"]]:
        importlib.import_module(".".join(path.with_suffix("").parts))


# What takes long by waiting for processes of its own: begun first, so that no other process waits for it at the end.
_LONGEST = ("tests/faults/", "tests/deployment/", "tests/embedded/", "tests/tenancy/test_requests.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest first."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONGEST))


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Collect without sweeping: what is made stays. To look for garbage in it, now and at the end of each process,
    would take a quarter of the time."""
    gc.disable()
    _import_own_share(session.config)
    try:
        return (yield)
    finally:
        gc.freeze()
        # Nor does a test make so much that it would pay to look for garbage as often as in a server.
        gc.set_threshold(200_000, 20, 100)
        gc.enable()


def pytest_configure() -> None:
    """Compile the translations; serve assets by their plain names, as no manifest is collected for tests; wake workers
    at once, whatever the test before did."""
    compile_catalogues(settings.BASE_DIR / "locale")
    # How fast examples come says something of the machine, nothing of what they are examples of.
    hypothesis.settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    hypothesis.settings.load_profile("any machine")
    settings.WAKE_UP_PAUSE = 0
    # Empty: each browser of a test would first look at every file that was collected for the tests in Chromium.
    settings.STATIC_ROOT = settings.DATA_DIR / "no-static"
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def before_the_day(time_machine: Any) -> None:
    """Let the clock go on from NOW: what is expected of days after it holds on whatever day the tests run."""
    time_machine.move_to(NOW)


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker: pytest.FixtureRequest,
) -> Iterator[None]:
    """Replace pytest-django's own: the owner makes the database, the tests run as `app`."""
    worker = getattr(request.config, "workerinput", {}).get("workerid")
    emptying = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]
    TransactionTestCase._fixture_teardown = database.empty_after  # type: ignore[attr-defined]
    with django_db_blocker.unblock(), database.test_database(suffix=worker):  # type: ignore[attr-defined]
        yield
    TransactionTestCase._fixture_teardown = emptying  # type: ignore[attr-defined]


def _user(email: str, name: str, salon: Salon, role: Role) -> User:
    user = User(email=email, name=name)
    user.set_password(PASSWORD)
    user.save()
    Membership.objects.create(user=user, salon=salon, role=role)
    return user


@pytest.fixture
def sonnenschein(db: None) -> Salon:
    return Salon.objects.create(name="Salon Sonnenschein", slug="sonnenschein", city="Berlin")


@pytest.fixture
def dom(db: None) -> Salon:
    return Salon.objects.create(name="Barbier am Dom", slug="barbier-am-dom", city="Köln")


@pytest.fixture
def owner(sonnenschein: Salon) -> User:
    return _user("anna@sonnenschein.example", "Anna Krüger", sonnenschein, Role.OWNER)


@pytest.fixture
def manager(sonnenschein: Salon) -> User:
    return _user("carla@sonnenschein.example", "Carla Neumann", sonnenschein, Role.MANAGER)


@pytest.fixture
def stylist(sonnenschein: Salon) -> User:
    return _user("bora@sonnenschein.example", "Bora Yıldız", sonnenschein, Role.STAFF)


@pytest.fixture
def outsider(dom: Salon) -> User:
    return _user("emre@barbier-am-dom.example", "Emre Aksoy", dom, Role.OWNER)


@pytest.fixture
def browser_of() -> Callable[[User], Browser]:
    """Return a signed-in browser; German, as most of them are."""

    def sign_in(user: User) -> Browser:
        browser = Browser(headers={"Accept-Language": "de"})
        # In two statements, where Django's own way takes eight: most tests sign somebody in.
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        row = session.create_model_instance(dict(session.items()))
        row.save(force_insert=True)
        browser.cookies[settings.SESSION_COOKIE_NAME] = row.session_key
        return browser

    return sign_in


@pytest.fixture
def in_sonnenschein(sonnenschein: Salon) -> Iterator[Salon]:
    """Open the scope of Salon Sonnenschein for the test."""
    with salon_scope(sonnenschein.pk):
        yield sonnenschein


@pytest.fixture
def front_desk() -> Actor:
    """Somebody with the role STAFF."""
    return Actor(ActorKind.USER, None, "Empfang", PERMISSIONS[Role.STAFF])


@pytest.fixture(autouse=True)
def no_salon_left_open() -> Iterator[None]:
    """Fail a test that leaves a scope open on its connection."""
    yield
    if connection.connection and not connection.connection.closed and not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('app.salon_id', true)")
            assert cursor.fetchone()[0] in {None, ""}


@pytest.fixture
def exports_dir(settings: Settings, tmp_path: Path) -> Path:
    """Give exported files a directory of the test's own."""
    place = tmp_path / "exports"
    exports = settings.STORAGES["exports"]
    options = {**exports["OPTIONS"], "location": place}
    settings.STORAGES = {**settings.STORAGES, "exports": {**exports, "OPTIONS": options}}
    return place
