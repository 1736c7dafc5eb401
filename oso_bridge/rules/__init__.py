"""Rules: the checks of a format as rows of data, compiled once per release, run over an index.

``schemas/oso/rules.toml`` holds one ``[[rule]]`` per check, in the order in which the official
checks report.  A row says *where* (``at``, ``inside``, ``outside``), *for whom* (``check``, ``kind``,
``kind_not``, ``overstap``, ``overstap_not``), under which *guard* (``when``, ``unless``) and makes
exactly one *check*.  Anything else is refused when the release is loaded: an unknown word, a path
that the structure does not have, two checks in one row.

Row keys::

    id          the stable id; several rows may bear one id (``part`` tells them apart)
    part        a word that tells rows with the same id apart, in texts and in tests
    layer       "rules" (default) or "codes"
    releases    {"2019.1" = "OVa.LL05", ...}: the releases that have it, with the official id there ("" = none)
    check       "OV", "PaO" or "common": the official check that the rule is a part of
    kind        only when the document's overdrachtsoort is one of these;   kind_not: is none of these
    overstap    only when the document's overstap is one of these;          overstap_not: is none of these
    at          the place that is looked at, each time it occurs; "/" is the document, once
    inside      only when the place lies below an element of that name;     outside: does not
    when        all of these hold; unless: not when all of these hold
                  {true = "path"}  {false = "path"}  {present = "path"}  {is = {"path" = "text" or ["texts"]}}
    the check   required = "path"                            gives a finding when the path is absent
                forbidden = "path"                           ... when it is present
                one_of = ["path", ...]                       ... when none of them is present
                true = "path"                                ... when it is absent or false
                equals = {path, value} or {path, release}    ... when no text there is exactly the value, or
                                                             the text of that name in release.toml
                in_list = {path, list} or {path, values}     ... when no text there is one of the codes
                contains = {path, value}                     ... when the text lacks the value
                matches = {path, pattern}                    ... when the pattern is found nowhere in the text
                min_length, max_length = {path, length}      ... when the text is shorter, longer (in characters)
                school_years = {path, reference, years}      ... when the date lies before 1 August of the oldest of
                                                             so many school years, counted back from the reference date
    differs     {"2016.1" = {...}}: keys that have another value in a release; "" takes a key away
    not_enforced_in        {"2019.1" = "reason"}: the official check cannot give it; we give a warning
    shut_out_by_schema_in  {"2019.1" = "reason"}: no schema-valid document can meet it; nothing is given
    id_by_kind  {"overdrachtbinnenbrin" = "OVb.MD01"}: the id that a finding bears, by overdrachtsoort
    with        ids of the rules that a document which breaks this one breaks as well, by release or as a list
    family      the family whose texts it uses; args: the words for those texts
    text, remedy   {nl = "...", en = "..."} when it belongs to no family

Paths: ``a/b`` lies below the place, ``.`` is the place itself, ``//a/b`` is anywhere in the document.
A place is ``dossier/a/b`` (from a dossier) or ``**/a/b`` (anywhere in the structure of the release); it
may end in an element with only text.  A text that is absent counts as empty in ``equals``, ``contains``,
``matches`` and the lengths; a date that is absent or no date gives nothing.
A boolean that holds another text, or is there twice, makes the official check break off: then the layer
is ``unclear``.
"""
