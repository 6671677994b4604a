"""The tests, one package for each of the source's."""
