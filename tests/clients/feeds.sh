#!/usr/bin/env bash
# Feeds: mail that came by LMTP is read by feedparser, in every format and on every page, without a
# word about mistakes.
. "$(dirname "$0")/server.sh"
. "$(dirname "$0")/python.sh"
needs feeds python3
python_env feeds feedparser==6.0.14
lmtp=$(free_port)
more_options="lmtp_listen: 127.0.0.1:$lmtp
rss_maxitems: 20"
start_server
judge feeds.py python "$(dirname "$0")/feeds.py" "$origin" "$user" "$password" "$lmtp"
check_store feeds
