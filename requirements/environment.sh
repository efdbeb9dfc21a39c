#!/usr/bin/env bash
# Makes the environment of a lane, or finds that it is already made.
# Usage: [PYTHON=...] requirements/environment.sh [--folder] [LANE]
#
# LANE is card (.venv, Python 3.11) or newest (.venv-newest, Python 3.10 to
# 3.13). Without one it is card where there is Python 3.11, else newest; then
# .venv leads to .venv-newest. --folder only prints the lane's folder.
#
# The folder holds the packages of requirements/LANE.lock and an editable
# install of this checkout. With D3D_TF_ENV_CACHE=FOLDER the packages
# (gigabytes) are installed once, in FOLDER/LANE-HASH, and every checkout's
# environment only points there: what belongs to one checkout never enters the
# shared folder.
set -euo pipefail
cd "$(dirname "$0")/.."
print_folder=
if [[ ${1:-} == --folder ]]; then
  print_folder=yes
  shift
fi
asked=${1:-} lane=${1:-} python='' version=''

# On Debian ensurepip is a package of its own, and no venv is made without it.
# Other than CPython, and without its lock (ABI flag t), there are no wheels.
probe='
import sys
state = "other"
if sys.implementation.name == "cpython" and not sys.abiflags:
    try:
        import ensurepip
        state = "usable"
    except ImportError:
        state = "bare"
print("%d.%d %s" % (sys.version_info[0], sys.version_info[1], state))
'

refuse() {
  echo "error: $*" >&2
  exit 1
}

venv_of() { [[ $1 == card ]] && echo .venv || echo .venv-newest; }

hash_of() { sha256sum "requirements/$1.lock" | cut -d ' ' -f 1; }

# A stamp is written last, so that an interrupted install has none.
has_packages() { [[ -x $1/bin/python && -f $1/$(hash_of "$2").stamp ]]; }

# The checkout's stamp names what it was made from: a moved checkout, another
# lock file, another Python or a removed cache make it void.
is_made() {
  local venv stamp base
  venv=$PWD/$(venv_of "$1") stamp=$venv/checkout.stamp
  [[ -x $venv/bin/python && $stamp -nt setup.py ]] || return
  base=$(sed -n 2p "$stamp")
  [[ $(sed -n 1p "$stamp") == "$PWD" ]] && has_packages "$base" "$1" &&
    [[ -z $version || -d $base/lib/python$version ]]
}

# Sets lane, python and version to the first of the Pythons that fit.
find_python() {
  local candidate state found='' bare=''
  for candidate in "$@"; do
    # Empty where there is none, also behind a shim of pyenv.
    read -r version state < <("$candidate" -c "$probe" 2> /dev/null) || continue
    found+="${found:+, }$candidate is $version"
    case $version in
      3.11) lane=${asked:-card} ;;
      3.10 | 3.12 | 3.13) lane=newest ;;
      *) continue ;;
    esac
    [[ -z $asked || $lane == "$asked" ]] || continue
    if [[ $state == usable ]]; then
      python=$candidate
      return
    fi
    [[ $state == bare ]] && bare=${bare:-$version}
  done
  if [[ -n $bare ]]; then
    refuse "Python $bare is here and cannot make a venv: apt install" \
      "python$bare-venv, then the same again."
  fi
  case $asked in
    card) needed="3.11 (LANE=card)" wanted=3.11 ;;
    *) needed="3.10 to 3.13" wanted=3.13 ;;
  esac
  refuse "d3d_tf needs CPython $needed; ${found:-there is none}. Install one" \
    "(apt install python$wanted python$wanted-venv, or uv python install" \
    "$wanted, or pyenv install $wanted), or name it: make PYTHON=/path/to/it."
}

choose() {
  case $asked in
    '' | card | newest) ;;
    *) refuse "LANE must be card or newest; got $asked." ;;
  esac
  if [[ -n ${PYTHON:-} ]]; then
    find_python "$PYTHON"
  elif [[ -n $asked ]]; then
    is_made "$asked" || find_python python3.11 python3 python3.{13,12,10}
  elif is_made card; then
    lane=card
  elif is_made newest && ! (asked=card; find_python python3.11) 2> /dev/null
  then
    lane=newest
  else
    find_python python3.11 python3 python3.{13,12,10}
  fi
}

install_packages() {
  local lock=requirements/$lane.lock
  echo "Installing up to $(grep -c '^[^ #-].*==' "$lock") packages in $1;" \
    "this takes a few minutes, once."
  rm -rf "$1"
  "$python" -m venv "$1"
  "$1/bin/python" -m pip install --disable-pip-version-check \
    --no-deps --require-hashes -r "$lock"
  touch "$1/$(hash_of "$lane").stamp"
}

make_environment() {
  local venv base hash
  venv=$PWD/$(venv_of "$lane") hash=$(hash_of "$lane")
  base=$venv
  if [[ -n ${D3D_TF_ENV_CACHE:-} ]]; then
    mkdir -p "$D3D_TF_ENV_CACHE"
    base=$(cd "$D3D_TF_ENV_CACHE" && pwd)/$lane-${hash:0:16}
    [[ $lane == card ]] || base+=-$version
  fi
  [[ -L $venv ]] && rm "$venv"
  if ! has_packages "$base" "$lane" || [[ ! -d $base/lib/python$version ]]; then
    exec 9> "$base.lock"  # Two checkouts may want to fill the cache at once.
    flock 9
    has_packages "$base" "$lane" && [[ -d $base/lib/python$version ]] ||
      install_packages "$base"
    exec 9>&-
  fi
  local site=lib/python$version/site-packages
  if [[ $base != "$venv" ]]; then
    rm -rf "$venv"
    "$base/bin/python" -m venv --without-pip "$venv"
    echo "import site; site.addsitedir('$base/$site')" \
      > "$venv/$site/packages.pth"
  fi
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --no-deps --no-build-isolation --editable .
  printf '%s\n' "$PWD" "$base" > "$venv/checkout.stamp"
}

choose
folder=$(venv_of "$lane")
if [[ -n $print_folder ]]; then
  echo "$folder"
  exit
fi
if ! is_made "$lane"; then
  echo "Lane $lane, in $folder: $python is Python $version."
  make_environment
fi
if [[ -z $asked && $lane == newest ]]; then
  # The documents say .venv/bin/python.
  [[ -e .venv ]] || ln -sfn .venv-newest .venv
  echo "Lane newest, in $folder: the card's packages end at Python 3.11, which" \
    "is not here or not chosen."
fi
