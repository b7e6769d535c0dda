#!/usr/bin/env bash
# Builds the container image and runs it as a cluster would: a user without privileges, a read-only root, no capability.
# Exit code 77: this machine cannot do that. It needs root, and ../shared/container/base-image.sh, which makes a local
# python:3.15-slim and installs buildah.
set -euo pipefail
cd "$(dirname "$0")/../.."
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
base=../shared/container/base-image.sh
image=localhost/modelgate:test

skip() {
  echo "skipped: $1"
  exit 77
}

[[ $(id -u) == 0 ]] || skip "building without a daemon needs root"
[[ -x $base ]] || skip "there is no $base beside this checkout"
timeout 300 "$base" || skip "$base could not make the base image"
unshare --mount true 2>/dev/null || skip "this machine allows no mount namespace"

buildah bud --quiet --network host --tag "$image" --build-arg REVISION="$(git rev-parse HEAD)" .
container=$(buildah from --quiet "$image")
trap 'buildah rm "$container" >/dev/null' EXIT
root=$(buildah mount "$container")
buildah inspect --type image "$image" |
  .venv/bin/python tests/container/checks.py "$root"
