"""Everything that starts things on one machine: environment, Postgres, Valkey, supervisor, test run.

Imports no Django: it runs before Django does.
"""
