#!/bin/sh
# Once in the life of a node; the disks are there, and only this node's.
set -eu
mountpoint -q /data
mountpoint -q /log
id -un > /log/user
: > /data/starts
