"""All configuration: WORKBENCH_… variables (and `.env`), read once and passed down."""

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from workbench.errors import SettingsInvalid


def checkout_data() -> Path:
    """The checkout's `data/`: beside the package, else in the nearest folder above with a pyproject.toml."""
    here = Path(__file__).resolve().parent.parent
    folders = [here, Path.cwd(), *Path.cwd().parents]
    found = next((folder for folder in folders if (folder / "pyproject.toml").exists()), Path.cwd())
    return found / "data"


class Settings(BaseSettings):
    """What the workbench was told, once. Field `x` is read from `WORKBENCH_X`."""

    model_config = SettingsConfigDict(env_prefix="WORKBENCH_", env_file=".env", extra="ignore", frozen=True)

    home: Path = Field(default_factory=checkout_data)
    """Where lake, builds and keys live."""
    today: date | None = None
    """"Today" for pages, rules and alerts; None is the clock (or what the HOME says: the sample's is 2020-12-15)."""
    timezone: str = "Europe/Paris"
    """IANA name: the day of an event is its date there."""
    language: str = Field(default="fr", pattern="^(fr|en)$")
    """First language of the interface."""
    source: Path | None = None
    """Folder of exports for `etl run` without `--source`."""
    reject_limit: float = Field(default=0.05, ge=0, le=1)
    """Share of a file's rows that may be rejected before the whole file is refused (0.05 = 5 %)."""
    pseudonym_key: str | None = Field(default=None, min_length=32)
    """Hexadecimal key of the pseudonyms; None: made on first run, kept in HOME with mode 600."""
    ledger_url: str | None = Field(default=None, repr=False)
    """The ledger's address, `postgresql://…` or `sqlite:///…`; None: `ledger.sqlite` in HOME."""
    typeform_token: str | None = Field(default=None, repr=False)
    """Personal token of Typeform's, with the right to read forms and responses."""
    typeform_url: str = Field(default="https://api.eu.typeform.com", pattern="^https?://")
    """Where Typeform's API is; where a form's responses are, the form says itself."""
    typeform_secret: str | None = Field(default=None, repr=False)
    """Secret of the webhook; without it no body that comes in is believed."""
    sendgrid_api_key: str | None = Field(default=None, repr=False)
    """Key of SendGrid's, with the right to send mail and to read suppressions."""
    sendgrid_url: str = Field(default="https://api.eu.sendgrid.com", pattern="^https?://")
    """Where SendGrid's API is."""
    sendgrid_public_key: str | None = None
    """Verification key of the event webhook; without it no body that comes in is believed."""
    letters_url: str | None = Field(default=None, pattern="^https://")
    """Address under which readers reach `/letters/` and SendGrid reaches `/hooks/`, and nobody anything else."""
    delivery: str = Field(default="outbox", pattern="^(outbox|sandbox|sendgrid)$")
    """How mail is delivered: as files under HOME, to SendGrid's sandbox, or to people."""
    mail_from: str = "Klassroom <courrier@klassroom.example>"
    """Who writes, as `Name <address>`: an address that SendGrid knows as ours."""
    digest_to: str = ""
    """The team's addresses for the weekly digest, with commas between."""
    cooldown_days: int = Field(default=5, ge=0)
    """So many days after any mail to a person no reminder goes to them."""
    public_url: str | None = None
    """Address under which others reach the pages; needs a login."""
    small_cell: int = Field(default=5, ge=1)
    """Countries and roles with fewer users than this are folded for viewers."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"no such time zone: {name}") from error
        return name

    @field_validator("ledger_url")
    @classmethod
    def _known_database(cls, url: str | None) -> str | None:
        if url is None or url.startswith(("sqlite:///", "postgresql+psycopg://")):
            return url
        scheme, _, rest = url.partition("://")
        if scheme not in ("postgresql", "postgres") or not rest:
            raise ValueError("neither postgresql://… nor sqlite:///…")
        return f"postgresql+psycopg://{rest}"


def load_settings(**given: object) -> Settings:
    """The settings of this process; `given` wins over the environment. Raises SettingsInvalid."""
    try:
        return Settings(**given)  # type: ignore[arg-type]  # pydantic checks the values
    except ValidationError as error:
        first = error.errors()[0]
        name = "WORKBENCH_" + "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsInvalid(f"{name}: {first['msg']}", f"correct {name} in the environment or in .env") from error
