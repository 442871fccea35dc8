#!/bin/sh
# Makes the folder of the data, once in the life of a node.
set -eu
mkdir -p "${WINDLASS_ROOT:-}/data"
: > "${WINDLASS_ROOT:-}/data/starts"
