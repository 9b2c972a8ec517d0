#!/bin/sh
# Fait ce que la ligne de commande de Scalingo sait faire des trois applications. Peut être relancé : ce qui est là reste.
#
#   sh deploy/scalingo/installer.sh creer     impact metabase-data metabase
#   sh deploy/scalingo/installer.sh terminer  impact metabase-data metabase
set -eu
[ $# -eq 4 ] || { echo 'installer.sh creer|terminer <impact> <metabase-data> <metabase>' >&2; exit 2; }
etape=$1 impact=$2 donnees=$3 metabase=$4
ici=$(cd "$(dirname "$0")" && pwd)
plan=postgresql-starter-512

application() {
  scalingo --app "$1" apps-info >/dev/null 2>&1 || scalingo create "$1"
  scalingo --app "$1" addons 2>/dev/null | grep -qi postgresql || scalingo --app "$1" addons-add postgresql "$plan"
  # La base n’est là qu’un moment après.
  until [ -n "$(url "$1")" ]; do sleep 5; done
  scalingo --app "$1" --addon postgresql backups-config --schedule-at '4:00 UTC'
}
url() { scalingo --app "$1" env-get SCALINGO_POSTGRESQL_URL 2>/dev/null || :; }
# L’hôte, le port et la base d’une adresse, sans son utilisateur ni ses paramètres.
lieu() { url "$1" | sed 's/^[^@]*@//; s/?.*//'; }
donne() { [ -n "$(scalingo --app "$1" env-get "$2" 2>/dev/null || :)" ]; }
tire() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# utilisateur <application> <nom> <variable> <parametres de l’adresse> [--read-only]
utilisateur() {
  # Scalingo donne DATABASE_URL au propriétaire : seul l’utilisateur dit que c’est fait.
  case $(scalingo --app "$impact" env-get "$3" 2>/dev/null || :) in *"//$2:"*) return ;; esac
  motdepasse=$(tire)
  echo "Mot de passe de $2, à coller deux fois : $motdepasse"
  # shellcheck disable=SC2086
  scalingo --app "$1" --addon postgresql database-users-create ${5:-} "$2"
  scalingo --app "$impact" env-set "$3=postgresql://$2:$motdepasse@$(lieu "$1")$4"
}

creer() {
  for nom in "$impact" "$donnees" "$metabase"; do application "$nom"; done
  # Sans page, Scalingo lancerait la démonstration.
  scalingo --app "$impact" scale web:0:M
  scalingo --app "$donnees" --addon postgresql database-enable-feature force-ssl
  utilisateur "$impact" vitrine_source DATABASE_URL '?sslmode=prefer' --read-only
  utilisateur "$donnees" impact METABASE_DATABASE_URL '?currentSchema=impact&sslmode=require'
  utilisateur "$donnees" metabase METABASE_READER_URL '?sslmode=require' --read-only
  adresse=https://$metabase.${SCALINGO_REGION:-osc-fr1}.scalingo.io
  # Le propriétaire de la base de Metabase, le temps du premier déploiement.
  scalingo --app "$impact" env-set \
    "DATABASE_ADMIN_URL=\$SCALINGO_POSTGRESQL_URL" "METABASE_ADMIN_URL=$(url "$donnees")" \
    NPM_CONFIG_PRODUCTION=false VITRINE_ALARM_FORMAT=chat "METABASE_URL=$adresse"
  donne "$metabase" MB_ENCRYPTION_SECRET_KEY ||
    scalingo --app "$metabase" env-set "MB_ENCRYPTION_SECRET_KEY=$(tire)" "MB_SITE_URL=$adresse"
  scalingo --app "$metabase" env-set \
    BUILDPACK_URL=https://github.com/Scalingo/multi-buildpack.git METABASE_VERSION=v0.65.4 MAX_METASPACE_SIZE=512m \
    JAVA_OPTS=-Duser.timezone=Europe/Paris MB_LOAD_SAMPLE_CONTENT=false MB_ANON_TRACKING_ENABLED=false MB_CHECK_FOR_UPDATES=false
  scalingo --app "$metabase" scale web:1:XL
  archive=$(mktemp -d)/metabase.tar.gz
  tar -C "$ici" -czf "$archive" metabase
  scalingo --app "$metabase" deploy "$archive" v0.65.4
  echo "Pousser maintenant le dépôt vers $impact, puis : sh $0 terminer $impact $donnees $metabase"
}

terminer() {
  scalingo --app "$impact" env-unset METABASE_ADMIN_URL || :
  scalingo --app "$impact" run --silent 'node impact/dist/cli/main.js nuit'
  if ! donne "$impact" METABASE_API_KEY; then
    printf 'Courriel du premier administrateur de Metabase : '
    read -r courriel
    motdepasse=$(tire)
    echo "Son mot de passe, à changer à la première connexion : $motdepasse"
    cle=$(scalingo --app "$impact" run --silent --env "METABASE_ADMIN_EMAIL=$courriel" --env "METABASE_ADMIN_PASSWORD=$motdepasse" \
      "sh -c 'node impact/dist/cli/main.js metabase setup --key-file /tmp/cle >&2 && cat /tmp/cle'" |
      tr -d '\r' | sed -n 's/^METABASE_API_KEY=//p')
    [ -n "$cle" ] || { echo 'Metabase n’a pas donné de clé : relancer, une fois la cause ôtée.' >&2; exit 1; }
    scalingo --app "$impact" env-set "METABASE_API_KEY=$cle"
  fi
  for examen in doctor 'metabase doctor'; do
    scalingo --app "$impact" run --silent "node impact/dist/cli/main.js $examen" || echec=1
  done
  return "${echec:-0}"
}

case $etape in
  creer) creer ;;
  terminer) terminer ;;
  *) echo "Étape inconnue : $etape" >&2; exit 2 ;;
esac
