"""What things in the ledger may be: every state is an enum here and a named CHECK in the schema."""

from enum import StrEnum


class PersonStatus(StrEnum):
    """Where somebody stands in the ambassador programme; "at risk" is derived, never stored."""

    CANDIDATE = "candidate"
    ACTIVE = "active"
    PAUSED = "paused"
    LEFT = "left"


class AppIdKind(StrEnum):
    """What an identifier of the app names."""

    USER = "user"
    CLASS = "class"


class Purpose(StrEnum):
    """What a person may agree to, each apart."""

    COURRIER = "courrier"
    REMINDERS = "reminders"
    QUESTIONNAIRES = "questionnaires"
    OPENS = "opens"


class ResponseKind(StrEnum):
    """Whether a questionnaire was filled in to its end."""

    PARTIAL = "partial"
    COMPLETED = "completed"


class Meaning(StrEnum):
    """What a question of a form is about."""

    HELP_GIVEN = "help_given"
    SHARES = "shares"
    FACEBOOK_GROUP = "facebook_group"
    PREVIEW = "preview"
    BUG_REPORT = "bug_report"
    SATISFACTION = "satisfaction"
    FREE_TEXT = "free_text"
    VALUES = "values"
    EMAIL = "email"
    OTHER = "other"


class MatchKind(StrEnum):
    """A decision about who answered, or about who is who."""

    MATCH = "match"
    UNMATCH = "unmatch"
    MERGE = "merge"
    SPLIT = "split"


class CampaignKind(StrEnum):
    """What is asked of people in a quarter."""

    QUESTIONNAIRE = "questionnaire"
    PREVIEW = "preview"


class CommitmentName(StrEnum):
    """The six commitments of the charter by their number; the fourth has three parts."""

    CLASS = "1"
    CONTACT = "2"
    QUESTIONNAIRE = "3"
    SHARE = "4a"
    NEWS = "4b"
    HELP = "4c"
    GROUP = "5"
    PREVIEW = "6"


class CommitmentStatus(StrEnum):
    """How a commitment stands in a quarter: missed < due < declared < met; waived by hand only."""

    NOT_DUE = "not_due"
    DUE = "due"
    MET = "met"
    DECLARED = "declared"
    MISSED = "missed"
    WAIVED = "waived"


class EvidenceKind(StrEnum):
    """What shows that a commitment is kept; never an open or a click."""

    USAGE = "usage"
    INTERACTION = "interaction"
    BUG_REPORT = "bug_report"
    ANSWER = "answer"
    NOTE = "note"
    WAIVER = "waiver"


class InteractionKind(StrEnum):
    """How the team and a person were in touch."""

    CALL = "call"
    MAIL = "mail"
    MESSAGE = "message"
    MEETING = "meeting"
    OTHER = "other"


class FollowUpState(StrEnum):
    """What became of a follow-up."""

    OPEN = "open"
    SNOOZED = "snoozed"
    DONE = "done"
    DISMISSED = "dismissed"


class BenefitKind(StrEnum):
    """What an ambassador is given."""

    PLUS = "plus"
    GOODIES = "goodies"
    EVENT = "event"


class BenefitState(StrEnum):
    """How far a benefit got; invited, accepted, declined and attended are the annual event's."""

    OWED = "owed"
    GIVEN = "given"
    OUT_OF_STOCK = "out_of_stock"
    INVITED = "invited"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    ATTENDED = "attended"
    ENDED = "ended"


class BugState(StrEnum):
    """How far a reported bug got: heard of, sent to the developers, fixed."""

    OPEN = "open"
    SENT = "sent"
    FIXED = "fixed"


class AcademieStatus(StrEnum):
    """How far an académie is with the validation of the app; unknown: not yet contacted."""

    UNKNOWN = "unknown"
    CONTACTED = "contacted"
    ANSWERED = "answered"
    VALIDATED = "validated"
    IN_REGISTER = "in_register"
    REFUSED = "refused"


class ContactFunction(StrEnum):
    """What somebody does in an académie."""

    DPD = "DPD"
    DASEN = "DASEN"
    IEN = "IEN"
    EREN = "EREN"


class WebhookKind(StrEnum):
    """Who sent a body."""

    TYPEFORM = "typeform"
    SENDGRID = "sendgrid"
