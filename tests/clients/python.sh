# Sourced by the scripts of clients that come from PyPI: environments of their own, and the tests that
# packages carry in their sources.

clients=$root/target/clients

# python_env NAME REQUIREMENT...: makes an environment with these packages, once, and puts it first in
# the path.
python_env() {
    local env=$clients/$1 made
    shift
    made=$(printf '%s\n' "$@")
    if [ "$(cat "$env/made" 2>/dev/null)" != "$made" ]; then
        rm -rf "$env"
        if ! python3 -m venv "$env" || ! "$env/bin/pip" install -q --disable-pip-version-check "$@" \
            >"$work/pip.log" 2>&1; then
            not_ok "pip install $*" "$(tail -n 2 "$work/pip.log" | tr '\n' ' ')"
            exit 1
        fi
        echo "$made" >"$env/made"
    fi
    PATH=$env/bin:$PATH
}

# python_source NAME VERSION: the sources of a package, anew, in $work/NAME-VERSION.
python_source() {
    local archive=$clients/$1-$2.tar.gz
    if [ ! -f "$archive" ]; then
        pip download -q --disable-pip-version-check --no-deps --no-binary :all: \
            -d "$clients" "$1==$2" >"$work/pip.log" 2>&1
    fi
    if ! tar -xf "$archive" -C "$work"; then
        not_ok "sources of $1" "$(tail -n 2 "$work/pip.log" | tr '\n' ' ')"
        exit 1
    fi
}

# pytest_results SUITE LOG: a line for each test of a log that `pytest -v` has written.
pytest_results() {
    sed -nE -e "s/^([^ ]*::[^ ]*( [^ ]+)*) PASSED .*/ok $1 \1/p" \
        -e "s/^([^ ]*::[^ ]*( [^ ]+)*) XFAIL .*/ok $1 \1/p" \
        -e "s/^([^ ]*::[^ ]*( [^ ]+)*) (FAILED|ERROR|XPASS) .*/not ok $1 \1: \3/p" \
        -e "s/^([^ ]*::[^ ]*( [^ ]+)*) SKIPPED( \((.*)\))? .*/SKIPPED $1 \1: \4/p" "$2"
    if ! grep -qE '^=+ .*(passed|failed|errors?).* in .* =+$' "$2"; then
        not_ok "$1" "pytest did not end: $(tail -n 2 "$2" | tr '\n' ' ')"
    fi
}
