# Sourced by demo and test, in the project's folder: finds the Pythons there are, makes .venv.

# Prints "minor path" of each Python 3.10 to 3.13 on PATH and under pyenv's root, oldest first.
pythons() {
    local root minor path
    root=${PYENV_ROOT:-$(pyenv root 2>/dev/null || echo "$HOME/.pyenv")}
    for minor in 10 11 12 13; do
        for path in "$root/versions/3.$minor".*/bin/python3."$minor" $(type -ap "python3.$minor"); do
            # pyenv's shims are there for versions that are not: ask each what it is. A Python
            # without venv or ensurepip, as some systems split it, is of no use here.
            if "$path" -c "import ensurepip, sys, venv; sys.exit(sys.version_info[1] != $minor)" \
                >/dev/null 2>&1 </dev/null; then
                echo "$minor $path"
            fi
        done
    done
}

# Makes .venv with the oldest Python found, unless it is there and works.
make_venv() {
    local minor path
    if .venv/bin/python -m pip --version >/dev/null 2>&1 </dev/null; then
        return
    fi
    while read -r minor path; do
        echo "making .venv with $path"
        if "$path" -m venv --clear .venv </dev/null; then
            return
        fi
    done < <(pythons)
    echo "No Python 3.10 to 3.13 with venv was found, on PATH or under pyenv's root." >&2
    return 1
}

# Puts the folder of one Python of each minor version on PATH, where tox looks for them.
add_pythons_to_path() {
    local minor path last=""
    while read -r minor path; do
        if [[ $minor != "$last" ]]; then
            PATH=$(dirname "$path"):$PATH
            last=$minor
        fi
    done < <(pythons)
    export PATH
}

install() {
    .venv/bin/python -m pip install -qq --disable-pip-version-check "$@" </dev/null
}
