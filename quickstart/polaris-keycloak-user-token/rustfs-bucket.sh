#!/bin/sh
# Makes the bucket `warehouse`, where it isn't there yet. Needs S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY, and curl.
set -eu
# The SHA-256 of an empty body, which S3 wants as a header and older versions of curl leave out.
empty=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
status=$(curl --silent --show-error --output /dev/null --write-out '%{http_code}' --retry 10 --retry-connrefused \
  --request PUT --header "x-amz-content-sha256: $empty" --aws-sigv4 aws:amz:us-east-1:s3 \
  --user "$S3_ACCESS_KEY:$S3_SECRET_KEY" "$S3_ENDPOINT/warehouse")
case "$status" in
  200) echo "Bucket warehouse made." ;;
  409) echo "Bucket warehouse was there." ;;
  *) echo "Making the bucket warehouse was answered with status $status." >&2; exit 1 ;;
esac
