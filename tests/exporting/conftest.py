"""Somebody who may export, and directories of the test alone."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from salon.desk.exporting import request_export
from salon.desk.models import Export, FileFormat
from salon.identity.roles import PERMISSIONS, Actor, ActorKind, Role
from salon.tenancy.models import Salon
from tests.conftest import NOW


@pytest.fixture
def boss() -> Actor:
    return Actor(ActorKind.USER, uuid4(), "Carla Neumann", PERMISSIONS[Role.MANAGER])


@pytest.fixture(autouse=True)
def somewhere(exports_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep scratch files apart, so that what is left can be told."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    return exports_dir


@pytest.fixture
def ask(in_sonnenschein: Salon, boss: Actor) -> Callable[..., Export]:
    """Ask for a file as a manager does."""
    return partial(request_export, actor=boss, file_format=FileFormat.XLSX, language="de", now=NOW)
