#!/bin/sh
# Makes the namespace and the search attributes of windlass where they are absent. May run again at any time.
set -eu

temporal operator cluster health
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" > /dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 30d

for name in WindlassCluster WindlassJob WindlassAction WindlassStatus WindlassRuntime WindlassApp; do
  # One that is there with the same type is left as it is.
  temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword
done
