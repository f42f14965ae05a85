#!/usr/bin/env bash
# cadaver: what a person types. It knows no options for a name and a password, only ~/.netrc.
. "$(dirname "$0")/server.sh"
needs cadaver cadaver
start_server
export HOME=$work/home
mkdir "$HOME"
host=$(sed -E 's|^[a-z]+://([^/:]*).*|\1|' <<<"$url")
printf 'machine %s\nlogin %s\npassword %s\n' "$host" "$user" "$password" >"$HOME/.netrc"
chmod 600 "$HOME/.netrc"
cd "$work" || exit 1
echo "hello from cadaver" >hello.txt
echo "edited" >edited.txt

# say NAME PATTERN COMMANDS: runs commands, wants the pattern in what cadaver says.
say() {
    local said
    said=$(printf '%s\nquit\n' "$3" | timeout 60 cadaver "$url" 2>&1)
    if grep -Eq -- "$2" <<<"$said" && ! grep -Eq 'failed|Could not|timed out' <<<"$said"; then
        ok "cadaver $1"
    else
        not_ok "cadaver $1" "$(tail -n 4 <<<"$said" | tr '\n' ' ')"
    fi
}

say mkcol 'succeeded' 'mkcol cadaver'
say put 'succeeded' $'cd cadaver\nput hello.txt'
say ls 'hello\.txt' $'cd cadaver\nls'
say get 'succeeded' $'cd cadaver\nget hello.txt back.txt'
same "cadaver get brings back what was put" hello.txt back.txt
say copy 'succeeded' $'cd cadaver\ncopy hello.txt copied.txt'
say move 'succeeded' $'cd cadaver\nmove copied.txt moved.txt'
say lock 'succeeded' $'cd cadaver\nlock hello.txt\nput edited.txt hello.txt\nunlock hello.txt'
say get-after-lock 'succeeded' $'cd cadaver\nget hello.txt edited-back.txt'
same "cadaver put under a lock" edited.txt edited-back.txt
say propset 'succeeded' $'cd cadaver\npropset hello.txt colour blue'
say propget 'blue' $'cd cadaver\npropget hello.txt colour'
say propdel 'succeeded' $'cd cadaver\npropdel hello.txt colour'
say delete 'succeeded' $'cd cadaver\ndelete moved.txt'
say rmcol 'succeeded' 'rmcol cadaver'
check_store cadaver
