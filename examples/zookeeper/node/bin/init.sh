#!/bin/bash
# Sees that the image has what is needed; the data folder is made on the volume.
set -eu
cd "${WINDLASS_ROOT:-/}"
command -v java > /dev/null || { echo 'java is missing: use an image with the Debian package zookeeper' >&2; exit 1; }
test -f /usr/share/java/zookeeper.jar || { echo 'the image lacks the Debian package zookeeper' >&2; exit 1; }
mkdir -p data/zookeeper var/run var/log
