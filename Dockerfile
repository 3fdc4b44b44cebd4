# The image of web, worker, beat and the migrate job: `docker build .`; docker-compose.yml says how they run.
# What is copied is listed in .dockerignore.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.txt /tmp/requirements.txt
RUN /opt/venv/bin/pip install --require-hashes --only-binary=:all: --requirement /tmp/requirements.txt

WORKDIR /srv/salon
COPY . .
RUN /opt/venv/bin/python -c "from pathlib import Path; from salon.web.translations import compile_catalogues; compile_catalogues(Path('locale'))"
# Settings must load to collect the assets; nothing connects, and none of these values reaches the final image.
RUN SECRET_KEY=build DATABASE_URL=postgresql://build@build/build REDIS_URL=redis://build \
    PRODUCTION=1 SALON_DATA_DIR=/var/lib/salon \
    /opt/venv/bin/python manage.py collectstatic --noinput --verbosity 0
RUN /opt/venv/bin/python -m compileall -q clients salon

FROM python:3.13-slim AS salon
RUN groupadd --system --gid 10001 salon \
    && useradd --system --uid 10001 --gid salon --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin salon
ENV PATH=/opt/venv/bin:$PATH PRODUCTION=1 SALON_DATA_DIR=/var/lib/salon PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# Everything belongs to root: the process can read its own code, never change it.
COPY --from=build /opt/venv /opt/venv
COPY --from=build /var/lib/salon /var/lib/salon
COPY --from=build /srv/salon /srv/salon
# But for what it keeps in volumes, which take over owner and mode of these directories.
RUN install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/salon/imports /var/lib/salon/exports
WORKDIR /srv/salon
USER 10001:10001
EXPOSE 8000
CMD ["python", "-m", "granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers-kill-timeout", "10", "--respawn-failed-workers", "--log-level", "warning", "salon.wsgi:application"]
