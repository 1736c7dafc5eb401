#!/bin/sh
# make demo: a good dossier, a broken one, and one to read. Needs BIN, the bin folder of an environment.
set -u
out=.demo
mkdir -p "$out"

bold='' plain=''
[ -t 1 ] && bold='\033[1m' plain='\033[0m'

step() { printf "\n$bold%s$plain\n$ oso-bridge %s\n\n" "$1" "$2"; }
fail() { printf '\nThis was not expected: %s\n' "$1" >&2; exit 1; }

step "1. A dossier without faults" "check examples/povo.xml"
"$BIN/oso-bridge" check examples/povo.xml || fail "examples/povo.xml should be good."

step "2. A dossier with faults" "check examples/kapot.xml"
"$BIN/oso-bridge" check examples/kapot.xml
[ $? -eq 1 ] || fail "examples/kapot.xml should have errors."

step "3. A dossier as a person reads it (the first 40 lines)" "show examples/povo.xml"
"$BIN/oso-bridge" show examples/povo.xml >"$out/povo.txt" || fail "examples/povo.xml could not be shown."
head -n 40 "$out/povo.txt"

"$BIN/oso-bridge" show --format html --output "$out/povo.html" examples/povo.xml || fail "no HTML of the dossier."
"$BIN/oso-bridge" check --format html --output "$out/kapot.html" examples/kapot.xml
[ $? -eq 1 ] || fail "no HTML of the report."

cat <<END

----------------------------------------------------------------------------------------------
It works. All data above is fictional.

Open in a browser    $out/kapot.html    the report on the broken dossier
                     $out/povo.html     the dossier as a page

Go on with           $BIN/oso-bridge check your-file.xml
                     $BIN/oso-bridge explain OVa.LL05
                     $BIN/oso-bridge --help
                     README.md, the five-minute tour

A real dossier holds the data of a child: the report does not repeat it, 'show' does.
----------------------------------------------------------------------------------------------
END
