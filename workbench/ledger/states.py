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


class MailKind(StrEnum):
    """What is sent: the monthly letter, a reminder of the follow-up queue, the team's weekly digest."""

    COURRIER = "courrier"
    REMINDER = "reminder"
    DIGEST = "digest"


class CourrierState(StrEnum):
    """How far a courrier got; an approved one goes out at its time, a stopped one waits to be resumed."""

    DRAFT = "draft"
    APPROVED = "approved"
    STOPPED = "stopped"
    SENT = "sent"


class DeliveryState(StrEnum):
    """How far one message to one person got on our side; what became of it on the way is its `Arrival`.

    unknown: asked for, and no answer came. not_accepted: nothing was heard of it for 72 hours; released: a person
    decided to send it again. withheld: something stood against it when its turn came.
    """

    QUEUED = "queued"
    CLAIMED = "claimed"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    NOT_ACCEPTED = "not_accepted"
    RELEASED = "released"
    WITHHELD = "withheld"


class BatchOutcome(StrEnum):
    """What became of a request: open while nobody knows; returned: nothing of it was accepted, its rows wait again."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    RETURNED = "returned"
    UNKNOWN = "unknown"
    NOT_ACCEPTED = "not_accepted"


class Arrival(StrEnum):
    """What the mail's way told us, the later ones outweighing the earlier."""

    PROCESSED = "processed"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    DROPPED = "dropped"
    COMPLAINED = "complained"


class SuppressionKind(StrEnum):
    """Why nothing is sent to an address."""

    BOUNCE = "bounce"
    INVALID = "invalid"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"


class Hindrance(StrEnum):
    """What stands against sending to a person."""

    GONE = "gone"
    NO_ADDRESS = "no_address"
    REFUSED = "refused"
    SUPPRESSED = "suppressed"
    ANSWERED = "answered"
    COOLDOWN = "cooldown"


class AudienceName(StrEnum):
    """The saved queries that pick whom a courrier is for."""

    ACTIVE = "active"
    UNANSWERED = "unanswered"
    CHARTER_UNSIGNED = "charter_unsigned"
    BENEFITS_ENDING = "benefits_ending"
