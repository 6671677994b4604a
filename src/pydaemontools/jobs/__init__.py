"""Processes that are waited for, followed and ended: the loop, and the trees they make."""
