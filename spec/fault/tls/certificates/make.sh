#!/bin/sh
# Makes the certificates of the TLS specs anew. They are kept as files, valid from 2020 to 2120, so that the specs need
# neither openssl nor a clock that is right. The keys guard nothing but masters that live for one spec.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

cat > "$work/ca.cnf" << END
[ca]
default_ca = bench
[bench]
database = $work/index
new_certs_dir = $work
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
commonName = supplied
END

# Where it goes, its name, its extensions; then who signs it.
certify() {
  : > "$work/index"
  printf '%s\n' "$3" > "$work/extensions"
  openssl req -new -key "$1.key" -subj "/CN=$2" -out "$work/request"
  shift 3
  openssl ca -batch -notext -config "$work/ca.cnf" -startdate 20200101000000Z -enddate 21200101000000Z \
    -extfile "$work/extensions" -in "$work/request" "$@"
}

key() { openssl ecparam -genkey -name prime256v1 -noout -out "$1.key"; }

authority() {
  key "$work/$1"
  certify "$work/$1" "$1" 'basicConstraints=critical,CA:TRUE' -selfsign -keyfile "$work/$1.key" -out "$1.crt"
}

signed() {
  key "$1"
  certify "$1" "$1" "$2" -cert authority.crt -keyfile "$work/authority.key" -out "$1.crt"
}

authority authority
authority stranger
signed server 'subjectAltName=IP:127.0.0.1,DNS:localhost'
signed named 'subjectAltName=DNS:master.test'
signed client 'subjectAltName=DNS:client.test'

# A key that is too short for TLS.
openssl genrsa -out weak.key 512
certify weak weak 'subjectAltName=DNS:client.test' -cert authority.crt -keyfile "$work/authority.key" -out weak.crt
