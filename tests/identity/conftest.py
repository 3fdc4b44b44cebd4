"""What the tests of identity share."""

from django.contrib.auth.hashers import Argon2PasswordHasher

# Argon2 as slow as it is in earnest would make these tests take minutes. At import, so that one run knows one cost.
Argon2PasswordHasher.time_cost = 1
Argon2PasswordHasher.memory_cost = 64
Argon2PasswordHasher.parallelism = 1
