"""Settings of one installation, read from the environment; a salon's own rules are data, never settings."""

from pathlib import Path

from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from salon import environment
from salon.database_url import database_settings
from salon.logs import logging_settings

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = environment.data_directory(BASE_DIR)
environment.fill_from_file(DATA_DIR / "environment")

PRODUCTION = environment.flag("PRODUCTION")
DEBUG = environment.flag("DEBUG") and not PRODUCTION
# Every component in every state, at /s/<salon>/styleguide/.
STYLEGUIDE = environment.flag("STYLEGUIDE", default=DEBUG)
SECRET_KEY = environment.text("SECRET_KEY")
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS", "" if PRODUCTION else "*")
# Links in mails lead here, so production must say where it is.
BASE_URL = environment.text("BASE_URL", None if PRODUCTION else "http://127.0.0.1:8000")
CSRF_TRUSTED_ORIGINS = [BASE_URL]

# The connection of everything that serves; `manage.py prepare` and `migrate` swap in the owner's.
PREPARED_STATEMENTS = environment.flag("DATABASE_PREPARED_STATEMENTS", default=True)
DATABASES = {"default": database_settings(environment.text("DATABASE_URL"), prepared_statements=PREPARED_STATEMENTS)}
APP_ROLE = DATABASES["default"]["USER"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "salon.tenancy",
    "salon.identity",
    "salon.audit",
    "salon.mail",
    "salon.work",
    "salon.web",
    "salon.api",
    "salon.catalogue",
    "clients",
    "loyalty",
    "bookings",
    "marketing",
    "salon.desk",
    "salon.demo",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "lucide",
    "rest_framework",
]
MIDDLEWARE = [
    "salon.logs.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "salon.web.middleware.SalonMiddleware",
]
ROOT_URLCONF = "salon.urls"
WSGI_APPLICATION = "salon.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "lucide.templatetags.lucide",
                "marketing.web.tabs",
                "salon.web.templatetags.ui",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "salon.web.frame.frame",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ]
            if not DEBUG
            else [
                "django.template.loaders.filesystem.Loader",
                "django.template.loaders.app_directories.Loader",
            ],
        },
    }
]

AUTH_USER_MODEL = "identity.User"
AUTHENTICATION_BACKENDS = ["salon.identity.backend.EmailBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600
LOGIN_URL = "sign_in"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"

LANGUAGE_CODE = "de"
LANGUAGES = [("de", _("German")), ("en", _("English"))]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "salon.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Berlin"
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    # Files of clients that a salon brings along, until a worker has read them: nobody else's business.
    "imports": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": DATA_DIR / "imports",
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    # What the salon takes along, given out by the views of salon.desk alone.
    "exports": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": environment.text("EXPORTS_DIR", str(DATA_DIR / "exports")),
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
}
if DEBUG:
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_USE_FINDERS = DEBUG

SECURE_CSP: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
# Not no-referrer: browsers would then post forms with `Origin: null`, which the CSRF check refuses. Nothing leaves
# the installation; pages whose address is a secret send no-referrer themselves.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
if PRODUCTION:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# How many reverse proxies append to X-Forwarded-For; 0: the peer's own address counts.
TRUSTED_PROXIES = environment.number("TRUSTED_PROXIES", 1 if PRODUCTION else 0)
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "salon.web.uploads.BoundedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# Letters with a link that nobody but who gets them may open, by their writer's name in CLIENT_LETTERS.
LETTERS_WITH_SECRETS = frozenset({"consent"})
# Letters that somebody has typed for this one client: no program has written them (RFC 3834).
LETTERS_OF_PEOPLE = frozenset({"message"})
DEFAULT_FROM_EMAIL = environment.text("MAIL_FROM", "Salon <salon@localhost>")
SMTP_HOST = environment.text("SMTP_HOST", "")
# Without a mail server every mail becomes a file of this machine.
MAILS_STAY = not SMTP_HOST
if SMTP_HOST:
    MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {
                "host": SMTP_HOST,
                "port": environment.number("SMTP_PORT", 587),
                "username": environment.text("SMTP_USER", ""),
                "password": environment.text("SMTP_PASSWORD", ""),
                "use_tls": environment.flag("SMTP_STARTTLS", default=True),
                "timeout": 20,
            },
        }
    }
else:
    MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "OPTIONS": {"file_path": DATA_DIR / "mail"},
        }
    }

# Where clients' answers come in (docs/operations.md): the domain of their addresses, which service brings them by
# webhook, and the user:password that it shows. Without a domain, answers go to the salon's own mailbox.
INBOUND_DOMAIN = environment.text("INBOUND_DOMAIN", "").lower()
INBOUND_ESP = environment.text("INBOUND_ESP", "").lower()
INBOUND_SECRET = environment.text("INBOUND_SECRET", None if INBOUND_ESP else "")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["salon.api.authentication.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["salon.api.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "salon.api.problems.problem_response",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": True,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Salon API",
    "DESCRIPTION": "Clients, appointments, sales and points of one salon, for booking sites, tills and shops.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [],
    "SERVE_INCLUDE_SCHEMA": False,
}

CELERY_BROKER_URL = environment.text("REDIS_URL")
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 840
CELERY_TASK_SOFT_TIME_LIMIT = 780
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
}
# Seconds: within them, a process wakes workers once at once and once at the end (0: for each row of work at once).
WAKE_UP_PAUSE = 1.0
# Ten thousand nights at one time of day must not hold up a mail: they wait until nothing else does (0: first).
CELERY_TASK_ROUTES = {"salon.work.tasks.run_night_step": {"priority": 6}}
CELERY_DB_REUSE_MAX = 1000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
# A tick that no worker has taken when the next one is sent is void: nothing piles up while workers are down.
# At most an hour each: where the schedule is forgotten with a restart, an interval begins anew.
CELERY_BEAT_SCHEDULE = {
    name: {"task": task, "schedule": seconds, "options": {"expires": seconds}}
    for name, task, seconds in (
        ("dispatch-due-work", "salon.work.tasks.dispatch", 60.0),
        ("begin-nights", "salon.work.tasks.begin_nights", 60.0),
        ("forget-expired", "salon.identity.tasks.forget_expired", 3600.0),
        ("forget-answers", "salon.api.tasks.forget_answers", 3600.0),
        ("forget-exports", "salon.desk.tasks.forget_exports", 3600.0),
        ("forget-imports", "clients.tasks.forget_imports", 3600.0),
    )
}

# Each salon's night, step by step in this order; a step starts when the one before has ended (domain.md §10).
NIGHT_STEPS: tuple[str, ...] = (
    "bookings.night.complete_ended",
    "bookings.night.count_visits",
    "clients.night.check_statuses",
    "clients.night.recompute_statuses",
    "clients.night.check_points",
    "bookings.night.expire_points",
    "clients.night.propose_duplicates",
    "marketing.night.write_automations",
    "salon.desk.night.write_export",
)

# Who puts mails to clients into words (salon/mail/letters.py). Mails that wait know their writer by this name.
CLIENT_LETTERS = {
    "appointment": "bookings.letters.write",
    "consent": "clients.letters.write",
    "message": "marketing.message_letters.write",
    "receipt": "bookings.checkout.receipts.write",
}
# What stands below every mail about news: who writes it, line by line (§ 5 DDG).
FOOT_OF_NEWS = "marketing.rules.foot_of_news"
# Where a client answers the mail that asks her to confirm.
ANSWERS_TO = "marketing.messages.answers_to"

LOGGING = logging_settings(json=PRODUCTION or environment.flag("LOG_JSON"), level="INFO")
