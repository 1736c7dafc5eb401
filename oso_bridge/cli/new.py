"""``oso-bridge new``: a fictional dossier, good or bad in just one way."""

from __future__ import annotations

from typing import Annotated

import typer

from oso_bridge.cli import options, output

_DEFAULT = "oso/2019.1"


def _profiles(incomplete: str) -> list[str]:
    from oso_bridge.profiles import profiles

    return [name for name in profiles() if name.startswith(incomplete)]


def command(
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            help="POPO, POVO, VOVO, BB, POSWV or VOSWV; with --break one that suits when left out.",
            autocompletion=_profiles,
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Another number gives another dossier.")] = 0,
    release: options.Release = _DEFAULT,
    full: Annotated[bool, typer.Option("--full", help="Fill in every part that the profile allows.")] = False,
    broken: Annotated[
        str | None, typer.Option("--break", metavar="RULE", help="Break this rule and nothing else.")
    ] = None,
    output_file: options.Output = None,
) -> None:
    """Make a fictional dossier, a good one or with --break one that breaks just that rule.

    The same options give the same dossier, whatever the day. No pupil or school in it exists.
    """
    from oso_bridge.fiction.make import make

    chosen = release or _DEFAULT
    data = _broken(chosen, broken, profile, seed, full) if broken else make(chosen, _needed(profile), seed, full)
    output.write(data.decode("utf-8"), output_file)


def _needed(profile: str | None) -> str:
    from oso_bridge.errors import UsageError
    from oso_bridge.profiles import profiles

    if profile is None:
        raise UsageError("Give --profile.", remedy=f"Choose from {', '.join(profiles())}.")
    return profile


def _broken(release: str, rule: str, profile: str | None, seed: int, full: bool) -> bytes:
    """A dossier that breaks a rule; what else comes along, and what must be asked for to see it, is noted."""
    from oso_bridge.errors import UsageError
    from oso_bridge.fiction.spoil import spoil

    if full:
        raise UsageError("--full and --break do not go together.", remedy="Leave one of them out.")
    found = spoil(release, rule, seed=seed, profile_name=profile)
    along = sorted(found.rules - {rule.partition("#")[0]})
    if along:
        output.note(f"{', '.join(along)} cannot be avoided with it.")
    if found.check:
        output.note(f"Only the official check {found.check} finds it; the dossier by itself asks for the other one.")
    return found.data
