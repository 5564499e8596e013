"""What a build says of its own making, from the headers of the models: meanings, checks, and what is made from what."""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from workbench.etl.arrays import table
from workbench.etl.build import Model
from workbench.etl.feeds import FEEDS

FEEDS_BEHIND: dict[str, tuple[str, ...]] = {
    "lake_user_day": ("usage",),
    "lake_class_user": ("usage",),
    "lake_user_origin": ("users",),
    "roll_active_users": ("usage", "users"),
    "roll_growth": ("usage", "users"),
    "roll_retention": ("usage", "users"),
    "roll_features": ("usage", "users"),
    "roll_first_uses": ("usage", "users"),
    "current_users": ("users", "usage"),
    "current_classes": ("classes",),
    "current_subscriptions": ("subscriptions",),
    "settled_translations": ("translations",),
    "horizon": ("usage",),
    "ledger_ambassadors": (),
    "ledger_ambassador_classes": (),
    "ledger_commitments": (),
    "ledger_answers": (),
    "landed_files": tuple(FEEDS),
    "landed_rejects": tuple(FEEDS),
    "landed_drift": tuple(FEEDS),
    "reference_academies": (),
    "reference_events": (),
    "this_build": (),
    "this_checks": (),
    "this_dictionary": (),
    "this_lineage": (),
}
"""Of each relation that a run gives to the models, the feeds it is made from; none: it comes with the workbench."""

Rows = list[dict[str, object]]


def relations(models: Mapping[str, Model]) -> dict[str, pa.Table]:
    """The relations `this_dictionary`, `this_checks` and `this_lineage`."""
    ordered = sorted(models.values(), key=lambda model: model.name)
    return {
        "this_dictionary": table(_dictionary(ordered), DICTIONARY),
        "this_checks": table(_checks(ordered), CHECKS),
        "this_lineage": table(_lineage(ordered), LINEAGE),
    }


def _dictionary(models: Iterable[Model]) -> Rows:
    rows: Rows = []
    for model in models:
        entries = [("", model.stored, "", model.meaning), *((c.name, c.type, c.unit, c.meaning) for c in model.columns)]
        rows += [
            {"table_name": model.name, "column_name": n, "position": p, "type": t, "unit": u, "meaning": m}
            for p, (n, t, u, m) in enumerate(entries)
        ]
    return rows


def _checks(models: Iterable[Model]) -> Rows:
    rows: Rows = []
    for model in models:
        key = {"key": ", ".join(model.key)} if model.key else {}
        rows += [
            {"table_name": model.name, "check_name": name, "expression": expression}
            for name, expression in {**model.checks, **key}.items()
        ]
    return rows


def _lineage(models: Iterable[Model]) -> Rows:
    steps = {(model.name, need) for model in models for need in model.needs}
    steps |= {(need, f"{feed}/") for _, need in steps for feed in FEEDS_BEHIND.get(need, ())}
    return [{"table_name": name, "needs": need} for name, need in sorted(steps)]


DICTIONARY = pa.schema(
    {"table_name": pa.string(), "column_name": pa.string(), "position": pa.int64()}
    | {name: pa.string() for name in ("type", "unit", "meaning")}
)
CHECKS = pa.schema({name: pa.string() for name in ("table_name", "check_name", "expression")})
LINEAGE = pa.schema({name: pa.string() for name in ("table_name", "needs")})
