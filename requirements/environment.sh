#!/usr/bin/env bash
# Makes VENV the environment of a lock file, or finds that it is already.
# Usage: requirements/environment.sh LANE VENV
#
# VENV holds the packages of requirements/LANE.lock and an editable install of
# this checkout. With D3D_TF_ENV_CACHE=FOLDER the packages (gigabytes) are
# installed once, in FOLDER/LANE-HASH, and every checkout's VENV only points
# there: what belongs to one checkout never enters the shared folder.
set -euo pipefail
cd "$(dirname "$0")/.."
lane=$1 venv=$PWD/$2
lock=requirements/$lane.lock
hash=$(sha256sum "$lock" | cut -d ' ' -f 1)

# On Debian ensurepip is a package of its own, and no venv is made without it.
is_usable='import ensurepip, sys; sys.exit(sys.version_info[:2] != (3, 11))'

find_python() {
  local python
  for python in ${PYTHON:-python3.11 python3}; do
    if "$python" -c "$is_usable" 2> /dev/null; then
      echo "$python"
      return
    fi
  done
  echo "d3d_tf needs Python 3.11: apt install python3.11 python3.11-venv," \
    "or pyenv install 3.11, or make PYTHON=/path/to/python3.11" >&2
  return 1
}

# A stamp is written last, so that an interrupted install has none.
has_packages() { [[ -x $1/bin/python && -f $1/$hash.stamp ]]; }

install_packages() {
  local python
  python=$(find_python)
  echo "Installing $(grep -c '^[^ #].*==' "$lock") packages in $1;" \
    "this takes a few minutes, once."
  rm -rf "$1"
  "$python" -m venv "$1"
  "$1/bin/python" -m pip install --disable-pip-version-check \
    --no-deps --require-hashes -r "$lock"
  touch "$1/$hash.stamp"
}

# The checkout's stamp names what it was made from: a moved checkout, another
# lock file or a removed cache make it void.
stamp=$venv/checkout.stamp
if [[ -x $venv/bin/python && $stamp -nt setup.py ]]; then
  base=$(sed -n 2p "$stamp")
  if [[ $(sed -n 1p "$stamp") == "$PWD" ]] && has_packages "$base"; then
    exit
  fi
fi

base=$venv
if [[ -n ${D3D_TF_ENV_CACHE:-} ]]; then
  mkdir -p "$D3D_TF_ENV_CACHE"
  base=$(cd "$D3D_TF_ENV_CACHE" && pwd)/$lane-${hash:0:16}
fi
if ! has_packages "$base"; then
  exec 9> "$base.lock"  # Two checkouts may want to fill the cache at once.
  flock 9
  has_packages "$base" || install_packages "$base"
  exec 9>&-
fi
if [[ $base != "$venv" ]]; then
  rm -rf "$venv"
  "$base/bin/python" -m venv --without-pip "$venv"
  site=lib/python3.11/site-packages
  echo "import site; site.addsitedir('$base/$site')" \
    > "$venv/$site/packages.pth"
fi
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  --no-deps --no-build-isolation --editable .
printf '%s\n' "$PWD" "$base" > "$stamp"
