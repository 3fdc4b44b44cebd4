"""docker-compose.yml, Dockerfile and the scripts beside them hold together, as far as that shows without containers."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from salon import settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "docs" / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
# A job ends; everything else is asked how it is.
JOBS = {"migrate", "restore"}
OURS = {"web", "worker", "beat", "migrate"}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
# Read by libpq, by granian's command line, and by the entrypoint of the postgres image.
READ_ELSEWHERE = {
    "TMPDIR",
    "PGHOST",
    "PGDATABASE",
    "PGUSER",
    "GRANIAN_WORKERS",
    "GRANIAN_BLOCKING_THREADS",
    "POSTGRES_PASSWORD_FILE",
    "POSTGRES_INITDB_ARGS",
}

each_service = pytest.mark.parametrize("name", sorted(SERVICES))


@each_service
def test_a_service_that_stays_is_asked_how_it_is_and_started_again(name: str) -> None:
    service = SERVICES[name]
    if name in JOBS:
        assert service["restart"] == "no"
        assert "healthcheck" not in service
    else:
        assert service["restart"] == "unless-stopped"
        assert {"test", "interval", "timeout", "retries", "start_period"} <= set(service["healthcheck"])


@each_service
def test_a_service_can_do_no_more_than_it_must(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "proxy" else [])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert service["user"] not in {"root", "0", "0:0"}
    assert not {"privileged", "network_mode", "pid", "ipc", "devices"} & set(service)
    assert {"cpus", "memory", "pids"} == set(service["deploy"]["resources"]["limits"])
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert "docker.sock" not in str(service)


def test_only_the_proxy_is_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["data"] == {"internal": True}
    assert SERVICES["proxy"]["networks"] == ["edge"]
    for name in ("postgres", "valkey", "backup", "migrate", "beat"):
        assert SERVICES[name]["networks"] == ["data"]


@each_service
def test_images_are_pinned_to_a_major_version(name: str) -> None:
    service = SERVICES[name]
    if name in OURS:
        assert service["build"] == {"context": ".", "target": "salon"}
        assert re.fullmatch(r"salon:\$\{SALON_VERSION:-\d+\.\d+\}", service["image"])
    else:
        assert re.fullmatch(r"[a-z/]+:\d+", service["image"])
        assert "build" not in service


def test_every_secret_is_declared_used_and_made() -> None:
    declared = COMPOSE["secrets"]
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == set(declared)
    assert all(secret == {"file": f".secrets/{name}"} for name, secret in declared.items())


@each_service
def test_a_service_reads_exactly_the_secrets_it_is_given(name: str) -> None:
    service = SERVICES[name]
    read = set(re.findall(r"/run/secrets/(\w+)", str(service)))
    if any("roles.sh" in volume for volume in service.get("volumes", [])):
        read |= set(re.findall(r'\$SECRETS_DIR/(\w+)"', (DEPLOY / "roles.sh").read_text(encoding="utf-8")))
    assert read == set(service.get("secrets", []))


def test_the_owner_of_the_tables_reaches_no_service_that_stays() -> None:
    owner = {"database_owner_url", "owner_password"}
    holders = {name for name, service in SERVICES.items() if owner & set(service.get("secrets", []))}
    # postgres itself sets the password at its first start.
    assert holders == {"migrate", "restore", "postgres"}
    named = {name for name, service in SERVICES.items() if "DATABASE_OWNER_URL" in str(service.get("environment"))}
    assert named == {"migrate"}


@each_service
def test_every_variable_has_a_reader(name: str) -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "salon").glob("*.py")]
    sources += [(ROOT / "salon/tenancy/owner.py").read_text(encoding="utf-8")]
    settings_read = set(re.findall(r'environment\.(?:text|flag|number|words)\("(\w+)"', "\n".join(sources)))
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in [*DEPLOY.glob("*.sh"), DEPLOY / "Caddyfile"])
    scripts_read = set(re.findall(r"\$\{?(\w+)", scripts))
    for variable in SERVICES[name].get("environment", {}):
        plain = variable.removesuffix("_FILE")
        known = settings_read if name in OURS else scripts_read
        assert variable in READ_ELSEWHERE or plain in known or variable in known, variable


@each_service
def test_dependencies_exist_and_can_be_met(name: str) -> None:
    for target, how in SERVICES[name].get("depends_on", {}).items():
        assert how["condition"] in CONDITIONS
        if how["condition"] == "service_completed_successfully":
            assert target in JOBS
        if how["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[target]


def test_everything_that_serves_waits_for_the_migrations() -> None:
    for name in ("web", "worker", "beat", "backup"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_volumes_and_networks_are_declared_and_used() -> None:
    sources = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])]
    assert {source for source in sources if not source.startswith(".")} == set(COMPOSE["volumes"])
    for source in sources:
        if source.startswith("."):
            assert (ROOT / source).is_file(), source
    assert {network for service in SERVICES.values() for network in service["networks"]} == set(COMPOSE["networks"])


def test_what_must_be_set_by_hand_stands_in_the_example() -> None:
    example = (DEPLOY / "example.env").read_text(encoding="utf-8")
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    required = set(re.findall(r"\$\{(\w+):\?", text))
    assert required == {"SALON_DOMAIN", "MAIL_FROM", "SMTP_HOST"}
    named = set(re.findall(r"^(\w+)=", example, re.MULTILINE))
    assert required <= named <= set(re.findall(r"\$\{(\w+)", text))


def test_every_knob_is_described() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    described = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    for knob in set(re.findall(r"\$\{(\w+)", text)):
        assert f"`{knob}`" in described, knob


# The image


def _instructions(name: str) -> list[str]:
    joined = DOCKERFILE.replace("\\\n", " ")
    return [line.removeprefix(name).strip() for line in joined.splitlines() if line.startswith(f"{name} ")]


def _ignored_except() -> set[str]:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines
    return {line.removeprefix("!") for line in lines if line.startswith("!")}


def test_the_image_holds_what_the_software_needs() -> None:
    kept = _ignored_except()
    apps = {app.split(".")[0] for app in settings.INSTALLED_APPS if (ROOT / app.split(".")[0]).is_dir()}
    assert {"manage.py", "requirements.txt", "templates", "static", "locale", *apps} <= kept
    allowed = re.search(r"TOP_LEVEL = \{(.*?)\}", (ROOT / "tests/architecture/test_house.py").read_text(), re.DOTALL)
    assert allowed
    assert kept <= set(re.findall(r'"([^"]+)"', allowed[1]))
    # What is left out there is not imported by what is in.
    for path in [*(ROOT / "salon").rglob("*.py"), *(ROOT / "clients").rglob("*.py")]:
        if "embedded" not in path.parts:
            assert "salon.embedded" not in path.read_text(encoding="utf-8"), path


def test_what_the_dockerfile_copies_exists() -> None:
    stages = {line.split(" AS ")[1] for line in _instructions("FROM")}
    assert stages == {"build", "salon"}
    for copied in _instructions("COPY"):
        words = copied.split()
        if words[0].startswith("--from="):
            assert words[0].removeprefix("--from=") in stages
        else:
            assert (ROOT / words[0]).exists()
    for base in _instructions("FROM"):
        assert base.startswith("python:3.13-slim AS ")


def test_packages_are_installed_by_hash_and_the_process_is_not_root() -> None:
    install = next(run for run in _instructions("RUN") if "pip install" in run)
    assert "--require-hashes --only-binary=:all:" in install
    final = DOCKERFILE.split(" AS salon")[1]
    assert "USER 10001:10001" in final
    assert "SECRET_KEY" not in final
    assert "URL" not in final
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert "--hash=sha256:" in requirements
    assert "://" not in requirements


def test_the_web_server_knows_its_options(tmp_path: Path) -> None:
    words = yaml.safe_load(_instructions("CMD")[0])
    assert words[:3] == ["python", "-m", "granian"]
    shown = subprocess.run([sys.executable, "-m", "granian", "--help"], capture_output=True, text=True, check=True)
    for word in words:
        if word.startswith("--"):
            assert re.search(rf"{re.escape(word)}\b", shown.stdout), word
    for variable in SERVICES["web"]["environment"]:
        if variable.startswith("GRANIAN_"):
            assert variable in shown.stdout
    module, _, attribute = words[-1].partition(":")
    assert attribute in (ROOT / module.replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_celery_knows_its_options(name: str) -> None:
    words = SERVICES[name]["command"]
    assert words[:5] == ["celery", "--quiet", "-A", "salon.celery", name]
    celery = [sys.executable, "-m", "celery"]
    shown = subprocess.run([*celery, name, "--help"], capture_output=True, text=True, check=True)
    for word in words[5:]:
        if word.startswith("--"):
            assert re.search(rf"{re.escape(word)}\b", shown.stdout), word


# The scripts


@pytest.mark.parametrize("script", sorted(DEPLOY.glob("*.sh")), ids=lambda path: path.name)
def test_scripts_are_valid_bash(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert script.read_text(encoding="utf-8").startswith("#!/usr/bin/env bash\n#")


def test_the_entrypoint_runs_the_roles_script_rather_than_sourcing_it() -> None:
    # Sourced it works, too: it sets no shell options and never exits.
    script = (DEPLOY / "roles.sh").read_text(encoding="utf-8").split("<<'SQL'")[0]
    assert not re.search(r"^\s*(set|exit|exec)\b", script, re.MULTILINE)


def _make_secrets(folder: Path) -> dict[str, str]:
    subprocess.run(["bash", str(DEPLOY / "secrets.sh"), str(folder)], check=True, capture_output=True)
    return {path.name: path.read_text(encoding="utf-8").strip() for path in folder.iterdir() if path.name[0] != "."}


def test_the_secrets_script_makes_what_compose_declares(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    made = _make_secrets(folder)
    # The password of Valkey is handed on inside two others.
    assert set(made) == {*COMPOSE["secrets"], "valkey_password"}
    assert all(value for name, value in made.items() if name != "smtp_password")
    assert made["database_url"] == f"postgresql://app:{made['app_password']}@postgres:5432/salon"
    assert made["database_owner_url"] == f"postgresql://owner:{made['owner_password']}@postgres:5432/salon"
    assert made["redis_url"] == f"redis://:{made['valkey_password']}@valkey:6379/0"
    assert made["valkey_conf"] == f"requirepass {made['valkey_password']}"
    passwords = [value for name, value in made.items() if name.endswith(("_password", "_key")) and value]
    assert len(set(passwords)) == len(passwords) == 6
    assert all(len(value) == 64 for value in passwords)
    assert (folder / ".gitignore").read_text(encoding="utf-8") == "*\n"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir() if path.name != ".gitignore"} == {0o444}


def test_the_secrets_script_keeps_what_is_there(tmp_path: Path) -> None:
    before = _make_secrets(tmp_path)
    (tmp_path / "smtp_password").unlink()
    (tmp_path / "smtp_password").write_text("of the mail server\n", encoding="utf-8")
    (tmp_path / "app_password").unlink()
    after = _make_secrets(tmp_path)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"app_password", "database_url", "smtp_password"}


def test_the_proxy_serves_the_domain_and_asks_the_web_service(tmp_path: Path) -> None:
    text = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    assert "reverse_proxy web:8000" in text
    ports = [port.rsplit(":", 1)[1] for port in SERVICES["proxy"]["ports"]]
    assert f"http_port {ports[0]}" in text
    assert f"https_port {ports[1]}" in text
    assert "http://:8090" in text
    assert "http://127.0.0.1:8090/" in SERVICES["proxy"]["healthcheck"]["test"]
    for variable in re.findall(r"\{\$(\w+)\}", text):
        assert variable in SERVICES["proxy"]["environment"]
    if caddy := shutil.which("caddy"):
        checked = subprocess.run(
            [caddy, "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")],
            env={"SALON_DOMAIN": "salon.example", "HOME": str(tmp_path)},
            check=False,
            capture_output=True,
            text=True,
        )
        assert checked.returncode == 0, checked.stderr


def test_shell_commands_of_health_checks_are_valid() -> None:
    for service in SERVICES.values():
        test = service.get("healthcheck", {}).get("test", ["CMD"])
        if test[0] == "CMD-SHELL":
            subprocess.run(["sh", "-n", "-c", test[1].replace("$$", "$")], check=True)
            assert shlex.split(test[1])
        elif "-c" in test:
            compile(test[test.index("-c") + 1], "healthcheck", "exec")
