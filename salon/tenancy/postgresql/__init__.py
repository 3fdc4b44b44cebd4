"""Django's PostgreSQL backend, refusing roles that row-level security does not bind."""
