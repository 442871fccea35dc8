"""Corrections that make moto's EC2 answer as AWS does; see ../README.md."""
