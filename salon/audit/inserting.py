"""Entries written by the very statement that makes the changes they tell of."""

from salon.identity.roles import ActorKind


def entries_from(changed: str) -> str:
    """Return the INSERT of an entry for each row of a query, to stand behind `WITH`; nobody made these changes.

    The query gives `subject_id`, `client_id` (NULL where the subject is the client herself) and `changes` (as `record`
    keeps them); `%(salon)s`, `%(action)s` and `%(subject_kind)s` are values of the statement. The entries happen when
    they are written.
    """
    return f"""
INSERT INTO audit_auditentry
  (id, salon_id, at, actor_kind, actor_name, action, subject_kind, subject_id, client_id, changes)
SELECT uuidv7(), %(salon)s, statement_timestamp(), '{ActorKind.SYSTEM.value}', '', %(action)s, %(subject_kind)s,
  changed.subject_id, changed.client_id, changed.changes
FROM ({changed}) AS changed"""
