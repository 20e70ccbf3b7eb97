#!/bin/sh
# Makes the bucket `warehouse`, where it isn't there yet. Needs S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY, and curl.
set -eu
status=$(curl --silent --show-error --output /dev/null --write-out '%{http_code}' --retry 10 --retry-connrefused \
  --request PUT --aws-sigv4 aws:amz:us-east-1:s3 --user "$S3_ACCESS_KEY:$S3_SECRET_KEY" "$S3_ENDPOINT/warehouse")
case "$status" in
  200) echo "Bucket warehouse made." ;;
  409) echo "Bucket warehouse was there." ;;
  *) echo "Making the bucket warehouse was answered with status $status." >&2; exit 1 ;;
esac
