"""The figures of quality.md §1, each against a floor measured in the same run."""
