#!/bin/sh
# Notes that a step began, does what it was told, and notes that it ended. None looks whether it ran
# before: what runs twice shows as two lines.
set -eu
root="${WINDLASS_ROOT:-}"
echo "$1 begins" >> "$root/record"
case $2 in
  refuses) [ -e "$root/go" ] || { echo 'refuses, as it was told to' >&2; exit 7; } ;;
  waits) while [ ! -e "$root/go" ]; do sleep 0.1; done ;;
esac
echo "$1 ends" >> "$root/record"
