# Sourced by the scripts of clients that come from npm.

# node_env NAME PACKAGE@VERSION...: makes a folder with these packages, once, and sets $folder to it.
# Programs find the packages when they lie in it.
node_env() {
    folder=$root/target/clients/$1
    shift
    if [ "$(cat "$folder/made" 2>/dev/null)" != "$*" ]; then
        rm -rf "$folder"
        mkdir -p "$folder"
        if ! npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" "$@" \
            >"$work/npm.log" 2>&1; then
            not_ok "npm install $*" "$(tail -n 2 "$work/npm.log" | tr '\n' ' ')"
            exit 1
        fi
        echo "$*" >"$folder/made"
    fi
}
