#!/bin/sh
# Starts the whole system with Docker Compose, and makes its passwords the first time. Arguments go before `up`, such as
# --profile tls.
set -eu
cd "$(dirname "$0")"
if [ ! -e .env ]; then
  # Only we can read it, and a killed script leaves no half of it.
  umask 077
  while IFS= read -r line; do
    case $line in
      *_PASSWORD= | *_KEY=) printf '%s%s\n' "$line" "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')" ;;
      *) printf '%s\n' "$line" ;;
    esac
  done <.env.example >.env.new
  mv .env.new .env
fi
docker compose --file compose.yaml "$@" up --build --wait
echo 'Log in at http://127.0.0.1:3000, or METABASE_SITE_URL: METABASE_ADMIN_EMAIL and METABASE_ADMIN_PASSWORD are in deploy/.env.'
