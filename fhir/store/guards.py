"""Triggers that refuse to ordinary SQL whatever is not an addition at the end of the trail.

They stop mistakes; the seals find what somebody did who took the triggers away first. PostgreSQL's
own permissions go further: let the table belong to an account the product does not use, and grant
the product's only SELECT and INSERT on it.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import DDL, Connection, create_engine, event, text

from fhir.store.chain import AUDIT_ENTRY
from fhir.store.database import Database

_SQLITE = (
    """create trigger audit_entry_no_update before update on audit_entry
begin select raise(abort, 'the audit trail is append-only'); end""",
    """create trigger audit_entry_no_delete before delete on audit_entry
begin select raise(abort, 'the audit trail is append-only'); end""",
    """create trigger audit_entry_no_insert before insert on audit_entry
when new.sequence is not (select coalesce(max(sequence), 0) + 1 from audit_entry)
or new.previous is not coalesce((select seal from audit_entry order by sequence desc limit 1),
    lower(hex(zeroblob(32))))
or exists (select 1 from audit_entry where id = new.id)
begin select raise(abort, 'the audit trail is append-only'); end""",
)
_FUNCTION = """
begin
    if tg_op = 'INSERT' then
        if new.sequence = (select coalesce(max(sequence), 0) + 1 from audit_entry)
            and new.previous = coalesce(
                (select seal from audit_entry order by sequence desc limit 1), repeat('0', 64))
        then
            return new;
        end if;
    end if;
    raise exception 'the audit trail is append-only';
end
"""
_POSTGRES = (
    "create or replace function audit_entry_append_only() returns trigger language plpgsql"
    f" as $${_FUNCTION}$$",
    "create trigger audit_entry_rows before insert or update or delete on audit_entry"
    " for each row execute function audit_entry_append_only()",
    "create trigger audit_entry_all before truncate on audit_entry"
    " for each statement execute function audit_entry_append_only()",
)
for _dialect, _statements in {"sqlite": _SQLITE, "postgresql": _POSTGRES}.items():
    for _statement in _statements:
        _made = DDL(_statement).execute_if(dialect=_dialect)  # type: ignore[no-untyped-call]
        event.listen(AUDIT_ENTRY, "after_create", _made)


def create_trail(database: Database) -> None:
    """The trail's table with its triggers, where it is missing. The only place that makes it."""
    database.create(AUDIT_ENTRY)


def guard_problems(connection: Connection) -> Iterator[str]:
    """What about the trail's table, indexes and triggers is not as we made it."""
    if connection.dialect.name == "sqlite":
        found = _sqlite_shape(connection)
        with create_engine("sqlite://").begin() as fresh:
            AUDIT_ENTRY.create(fresh)
            made = _sqlite_shape(fresh)
    else:
        found = _postgres_shape(connection)
        made = _POSTGRES_SHAPE
    for name in sorted(made.keys() | found.keys()):
        if name not in found:
            yield f"{name} is missing"
        elif name not in made:
            yield f"{name} was added"
        elif made[name] != found[name]:
            yield f"{name} was changed"


Shape = dict[str, object]


def _sqlite_shape(connection: Connection) -> Shape:
    """By structure, since the text of a table's definition may differ between versions."""

    def rows(statement: str) -> list[tuple[object, ...]]:
        return [tuple(row) for row in connection.exec_driver_sql(statement)]

    shape: Shape = {"table audit_entry": rows("pragma table_xinfo(audit_entry)")}
    objects = "select type, name, sql from sqlite_master where tbl_name = 'audit_entry'"
    for kind, name, sql in rows(objects):
        if kind == "trigger":
            shape[f"trigger {name}"] = sql
        elif kind != "table":
            shape[f"{kind} {name}"] = connection.execute(
                text("select * from pragma_index_xinfo(:name)"), {"name": name}
            ).all()
    for number, name, *rest in rows("pragma index_list(audit_entry)"):
        shape[f"use of index {name}"] = (number, rest)
    return shape


_POSTGRES_SHAPE: Shape = {
    "table audit_entry": ("r", False, False),
    # the bits of pg_trigger.tgtype: row 1, before 2, insert 4, delete 8, update 16, truncate 32
    "trigger audit_entry_rows": (1 + 2 + 4 + 8 + 16, True, False, _FUNCTION),
    "trigger audit_entry_all": (2 + 32, True, False, _FUNCTION),
}


def _postgres_shape(connection: Connection) -> Shape:
    table = text(
        "select relkind::text, relhasrules, relrowsecurity from pg_class"
        " where oid = to_regclass('audit_entry')"
    )
    triggers = text(
        "select tgname::text, tgtype::int, tgenabled in ('O', 'A'), tgqual is not null, prosrc"
        " from pg_trigger join pg_proc on pg_proc.oid = tgfoid"
        " where tgrelid = to_regclass('audit_entry') and not tgisinternal"
    )
    shape: Shape = {"table audit_entry": tuple(connection.execute(table).one_or_none() or ())}
    for name, *rest in connection.execute(triggers):
        shape[f"trigger {name}"] = tuple(rest)
    return shape
