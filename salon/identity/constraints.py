"""References to logins that cannot leave a salon."""

from salon.tenancy.constraints import DatabaseOnly


class MemberReference(DatabaseOnly):
    """`user_id` is of a member of the row's salon; whoever ceases to be one is no longer named."""

    create = (
        "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s FOREIGN KEY (user_id, salon_id) "
        'REFERENCES "identity_membership" (user_id, salon_id) ON DELETE SET NULL (user_id)'
    )
    remove = "ALTER TABLE %(table)s DROP CONSTRAINT %(name)s"
