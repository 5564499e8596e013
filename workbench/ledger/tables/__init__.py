"""The tables of the ledger. Rows never leave it: verbs give plain data."""

from workbench.ledger.columns import Base
from workbench.ledger.tables.mail import Batch, Courrier, Delivery, MailEvent, Suppression
from workbench.ledger.tables.people import AppId, Consent, Person
from workbench.ledger.tables.programme import Benefit, Bug, Commitment, Evidence, FollowUp, Goody, Interaction
from workbench.ledger.tables.questionnaires import (
    Answer,
    Asked,
    Campaign,
    Form,
    MatchDecision,
    QuestionMap,
    Response,
    Sync,
)
from workbench.ledger.tables.surroundings import Academie, AcademieContact, Annotation, Audit, ClassName, Webhook

__all__ = [
    "Academie",
    "AcademieContact",
    "Annotation",
    "Answer",
    "AppId",
    "Asked",
    "Audit",
    "Base",
    "Batch",
    "Benefit",
    "Bug",
    "Campaign",
    "ClassName",
    "Commitment",
    "Consent",
    "Courrier",
    "Delivery",
    "Evidence",
    "FollowUp",
    "Form",
    "Goody",
    "Interaction",
    "MailEvent",
    "MatchDecision",
    "Person",
    "QuestionMap",
    "Response",
    "Suppression",
    "Sync",
    "Webhook",
]
