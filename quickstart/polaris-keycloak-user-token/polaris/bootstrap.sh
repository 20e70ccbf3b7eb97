#!/bin/sh
# Sets up Polaris for the quickstart through its management API: the catalog, roles with grants, the two users, the namespace.
# What is there already stays. Needs POLARIS_URL, POLARIS_ROOT_SECRET and S3_ENDPOINT (as Polaris and Skua reach the store), and curl.
set -eu
management="$POLARIS_URL/api/management/v1"

token=$(curl --silent --show-error --fail --retry 10 --retry-connrefused \
  --data-urlencode grant_type=client_credentials --data-urlencode client_id=root \
  --data-urlencode "client_secret=$POLARIS_ROOT_SECRET" --data-urlencode scope=PRINCIPAL_ROLE:ALL \
  "$POLARIS_URL/api/catalog/v1/oauth/tokens" | sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p')
[ -n "$token" ] || { echo "Polaris gave no token for root." >&2; exit 1; }

# ask METHOD URL BODY: 2xx is done, 409 means that it is there already.
ask() {
  answer=$(printf 'header = "Authorization: Bearer %s"\n' "$token" | curl --config - --silent --show-error \
    --request "$1" --header 'Content-Type: application/json' --data "$3" --write-out '\n%{http_code}' "$2")
  status=${answer##*
}
  case "$status" in
    2*) echo "$1 $2: done" ;;
    409) echo "$1 $2: there already" ;;
    *) echo "$1 $2 was answered with: $answer" >&2; exit 1 ;;
  esac
}

# roleArn and stsEndpoint let Polaris ask RustFS for short-lived credentials. RustFS refuses session policies that name its key
# service, which Polaris leaves out with kmsUnavailable. Without the purge property, Polaris refuses to drop views.
ask POST "$management/catalogs" '{"catalog": {
  "type": "INTERNAL",
  "name": "quickstart",
  "properties": {"default-base-location": "s3://warehouse/", "polaris.config.drop-with-purge.enabled": "true"},
  "storageConfigInfo": {
    "storageType": "S3",
    "allowedLocations": ["s3://warehouse/"],
    "endpoint": "'"$S3_ENDPOINT"'",
    "stsEndpoint": "'"$S3_ENDPOINT"'",
    "roleArn": "arn:aws:iam::000000000000:role/skua",
    "region": "us-east-1",
    "pathStyleAccess": true,
    "kmsUnavailable": true
  }
}}'

# catalog_role NAME PRIVILEGE...
catalog_role() {
  role=$1
  shift
  ask POST "$management/catalogs/quickstart/catalog-roles" '{"catalogRole": {"name": "'"$role"'"}}'
  for privilege in "$@"; do
    ask PUT "$management/catalogs/quickstart/catalog-roles/$role/grants" \
      '{"grant": {"type": "catalog", "privilege": "'"$privilege"'"}}'
  done
}
catalog_role content_manager CATALOG_MANAGE_CONTENT
catalog_role content_reader NAMESPACE_LIST NAMESPACE_READ_PROPERTIES TABLE_LIST TABLE_READ_PROPERTIES TABLE_READ_DATA \
  VIEW_LIST VIEW_READ_PROPERTIES

# principal_role NAME CATALOG_ROLE: a role of Keycloak's realm, and what it may do.
principal_role() {
  ask POST "$management/principal-roles" '{"principalRole": {"name": "'"$1"'"}}'
  ask PUT "$management/principal-roles/$1/catalog-roles/quickstart" '{"catalogRole": {"name": "'"$2"'"}}'
}
principal_role catalog_admin content_manager
principal_role data_writer content_manager
principal_role table_reader content_reader

# principal NAME ROLE...: Polaris activates a role of the token only where the principal holds it too.
principal() {
  name=$1
  shift
  ask POST "$management/principals" '{"principal": {"name": "'"$name"'"}}' > /dev/null
  echo "Principal $name"
  for role in "$@"; do
    ask PUT "$management/principals/$name/principal-roles" '{"principalRole": {"name": "'"$role"'"}}'
  done
}
principal adminuser catalog_admin data_writer table_reader
principal testuser table_reader

ask POST "$POLARIS_URL/api/catalog/v1/quickstart/namespaces" '{"namespace": ["demo"]}'
echo "Polaris is set up."
