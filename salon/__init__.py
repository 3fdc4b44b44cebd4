"""The kernel of the salon software and its composition root."""
