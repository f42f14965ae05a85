#!/usr/bin/env bash
# python-caldav's own functional tests, which its sources carry: a server that needs none of its
# compatibility hints, but that there is no scheduling yet.
. "$(dirname "$0")/server.sh"
. "$(dirname "$0")/python.sh"
needs python_caldav python3
version=3.6.0
python_env python_caldav "caldav==$version" "pytest<10" pytest-asyncio vobject proxy.py tzlocal pyfakefs \
    manuel xandikos radicale
python_source caldav "$version"
start_server
cd "$work/caldav-$version" || exit 1
cat >tests/caldav_test_servers.yaml <<YAML
test-servers:
  radicale: {type: embedded, enabled: false}
  xandikos: {type: embedded, enabled: false}
  chapar:
    type: external
    enabled: true
    url: $origin/
    username: $user
    password: $password
    features: {scheduling: {support: unsupported}}
YAML
PYTHON_CALDAV_TEST_DOCKER=0 timeout 800 python -m pytest -v -rs -p no:cacheprovider \
    -o asyncio_default_fixture_loop_scope=function -o filterwarnings= -k Chapar \
    tests/test_caldav.py >"$work/pytest.log" 2>&1
pytest_results python_caldav "$work/pytest.log"
check_store python_caldav
