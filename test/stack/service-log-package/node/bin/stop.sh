#!/bin/sh
# Ends the process of a node; one that is gone already is as good.
[ -e /data/pid ] && kill "$(cat /data/pid)" 2> /dev/null
rm -f /data/pid
