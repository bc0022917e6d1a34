#!/bin/sh
# Makes the certificates of the TLS tests anew: an authority, a server that it vouches for under the
# name `shop.test` only, and a client.
set -eu
cd "$(dirname "$0")"
key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$1.key"; }
key authority
openssl req -x509 -new -key authority.key -days 36500 -subj "/CN=loadtest's test authority" \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -out authority.pem
issue() {
  key "$1"
  openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr"
  printf 'basicConstraints=CA:FALSE\n%s\n' "$2" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA authority.pem -CAkey authority.key -CAcreateserial -days 36500 \
    -extfile "$1.ext" -out "$1.pem"
  rm "$1.csr" "$1.ext"
}
issue shop "subjectAltName=DNS:shop.test
extendedKeyUsage=serverAuth"
issue client "extendedKeyUsage=clientAuth"
rm authority.key authority.srl
