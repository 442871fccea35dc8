#!/bin/sh
# Installs antietcd into this node, from npm's cache where it is there already.
set -eu
cd "${WINDLASS_ROOT:-}/opt/windlass/app"
# etcd3, optional, is needed only to act as a proxy to an etcd.
npm ci --omit=dev --omit=optional --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error
test -f node_modules/antietcd/antietcd-app.js
echo "antietcd is installed"
