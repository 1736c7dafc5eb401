"""``oso-bridge sign``: sign a document."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oso_bridge.cli import inputs, options, output


def command(
    file: options.Document,
    identity: Annotated[
        Path,
        typer.Option("--identity", metavar="FILE", help="Your certificate for signing, with its key: PEM or PKCS#12."),
    ],
    key: Annotated[Path | None, typer.Option("--key", help="The key, when it stands apart.")] = None,
    chain: Annotated[
        list[Path] | None, typer.Option("--chain", help="The issuers, when they stand apart; may be repeated.")
    ] = None,
    password_env: options.PasswordEnv = None,
    output_file: options.Output = None,
) -> None:
    """Sign a document.

    The signature is over all of it and stands below its root. A reader has to know of it, for no schema of OSO has a
    place for a signature. The document itself is not checked.
    """
    from oso_bridge.identity import Identity
    from oso_bridge.signatures import sign

    ours = Identity(identity, key, password_env=password_env, chain=chain or (), purpose="signing")
    signed = sign(inputs.single(file), ours)
    output.write(signed.decode("utf-8"), output_file, sources=[file])
