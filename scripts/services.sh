# Sourced by test, durability and load: sees to it that there is what they start, such as a Redis.
# Where it may, it installs Debian's packages; none is started as a service of the system.

# Prints those of some packages that are missing.
missing_services() {
    local package
    for package; do
        if ! has_service "$package"; then
            echo "$package"
        fi
    done
}

# Returns whether the program of a package is there, wherever it came from.
has_service() {
    # Debian's PostgreSQL is not on PATH.
    if [[ $1 == postgresql ]]; then
        type -P postgres >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null
    else
        type -P "$1" >/dev/null
    fi
}

# Installs those of some packages that are missing; where that cannot be done, says what to type,
# and goes on: the tests that need them are skipped at home, and fail in CI.
need_services() {
    local missing as_root=()
    missing=$(missing_services "$@")
    if [[ -z $missing ]]; then
        return
    fi
    if ((EUID)); then
        as_root=(sudo -n)
    fi
    if type -P apt-get >/dev/null && "${as_root[@]}" true 2>/dev/null; then
        echo "installing" $missing "..."
        "${as_root[@]}" bash -c "$(declare -f install_quietly); install_quietly $(echo $missing)" \
            </dev/null || true
    fi
    missing=$(missing_services "$@")
    if [[ -n $missing ]]; then
        echo "Tests that need them go without:" $missing >&2
        echo "On Debian or Ubuntu, type: sudo apt-get install" $missing >&2
    fi
}

# Installs Debian's packages, as root, in a shell of its own; says nothing unless that fails.
install_quietly() {
    set -euo pipefail
    export DEBIAN_FRONTEND=noninteractive
    policy=/usr/sbin/policy-rc.d # not local: put_back comes after the function
    folder=$(mktemp -d)
    # Debian asks this program whether a service may be started: 101 says no.
    put_back() {
        rm -f "$policy"
        if [[ -e $folder/policy-rc.d || -L $folder/policy-rc.d ]]; then
            mv "$folder/policy-rc.d" "$policy"
        fi
        rm -r "$folder"
    }
    trap put_back EXIT
    trap 'exit 1' INT TERM
    if [[ -e $policy || -L $policy ]]; then
        mv "$policy" "$folder/"
    fi
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    # The lists of packages may be missing, or old; without a network, those there are may do.
    if ! { apt-get -qq -o DPkg::Lock::Timeout=300 update || true
        apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"
    } >"$folder/log" 2>&1; then
        cat "$folder/log" >&2
        exit 1
    fi
}
