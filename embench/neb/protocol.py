"""The protocols of NEB calculations: every number that decides a barrier, frozen under a name."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from embench.errors import UnknownNameError

Engine = Literal["band", "ase", "static"]
PathKind = Literal["relaxed", "straight", "idpp"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All that a barrier depends on besides the potential and the structures; the cell is always kept.

    A stage that a protocol does not have is zero steps long.

    Attributes
    ----------
    name : of the protocol.
    engine : ``band`` relaxes the band with :mod:`embench.neb.band`, ``ase`` with ASE, ``static`` not at all.
    path : how the first band is laid between the relaxed ends.
    n_images : images of the band, both ends included.
    end_fmax, end_steps : ASE's QuasiNewton relaxes each end until no atom feels more, eV/Å, in at most so many steps.
    tangent : ``improved`` (Henkelman and Jónsson, J. Chem. Phys. 113, 9978 (2000)) or ASE's ``eb``.
    spring_constant : of neighbouring images, eV/Å^2.
    step_cap : longest step of an atom, Å.
    band_fmax, band_steps : the whole band is relaxed to this force, eV/Å, without climbing.
    climb_window : humps of the band within this of its highest image climb as well, eV.
    climb_fmax, climb_calls : they climb alone, the others fixed, to this force, eV/Å, in at most so many calls.
    climb_rise : an image that climbs higher than this, eV,
    climb_leave, climb_leave_least : or whose migrating ion moves further than this part of the gap to the nearer
        neighbour, at least so many Å, is not on the saddle of this path: the whole band goes on.
    full_fmax, full_steps : then the whole band is relaxed to this force, eV/Å, with its highest image climbing.
    """

    name: str
    engine: Engine
    path: PathKind
    n_images: int
    end_fmax: float
    end_steps: int
    tangent: Literal["improved", "eb", "none"]
    spring_constant: float
    step_cap: float
    band_fmax: float
    band_steps: int
    climb_window: float = 0.0
    climb_fmax: float = 0.0
    climb_calls: int = 0
    climb_rise: float = 0.0
    climb_leave: float = 0.0
    climb_leave_least: float = 0.0
    full_fmax: float = 0.0
    full_steps: int = 0

    @property
    def digest(self) -> str:
        """The sha256 of all settings; results are shared only between runs with the same."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values, ready for JSON."""
        return {**asdict(self), "digest": self.digest}

    def in_words(self) -> str:
        """Return what is done, for people to read."""
        return _WORDS[self.engine](self)


NEB1 = Settings(
    name="embench-neb-1",
    engine="band",
    path="relaxed",
    n_images=5,
    end_fmax=0.05,
    end_steps=100,
    tangent="improved",
    spring_constant=2.0,
    step_cap=0.2,
    band_fmax=0.3,
    band_steps=15,
    climb_window=0.05,
    climb_fmax=0.05,
    climb_calls=31,
    climb_rise=0.15,
    climb_leave=0.6,
    climb_leave_least=0.3,
    full_fmax=0.1,
    full_steps=40,
)
"""What embench compares potentials by. Never changed: other numbers are another protocol with another name."""

PUBLISHED = Settings(
    name="published-neb",
    engine="ase",
    path="idpp",
    n_images=5,
    end_fmax=0.05,
    end_steps=500,
    tangent="eb",
    spring_constant=5.0,
    step_cap=0.2,
    band_fmax=0.05,
    band_steps=500,
)
"""What the literature's runs of universal potentials on this dataset did, see :mod:`embench.neb.published`."""

STATIC = Settings(
    name="static",
    engine="static",
    path="relaxed",
    n_images=5,
    end_fmax=0.0,
    end_steps=0,
    tangent="none",
    spring_constant=0.0,
    step_cap=0.0,
    band_fmax=0.0,
    band_steps=0,
)
"""Energies and forces on given images; nothing moves."""

SETTINGS: dict[str, Settings] = {settings.name: settings for settings in (NEB1, PUBLISHED, STATIC)}


def settings_named(name: str) -> Settings:
    """Return the settings of a protocol; raises :class:`~embench.errors.UnknownNameError` for an unknown one."""
    try:
        return SETTINGS[name]
    except KeyError:
        raise UnknownNameError("NEB protocol", name, SETTINGS) from None


def _words_ends(settings: Settings) -> str:
    return (
        "The cell is kept. Both ends are relaxed with ASE's QuasiNewton until no atom feels more than "
        f"{settings.end_fmax:g} eV/Å, in at most {settings.end_steps} steps; the end of the hop starts from the "
        "released final structure where there is one, else from the initial framework with the ion moved."
    )


def _words_band(settings: Settings) -> str:
    return "\n".join(
        (
            _words_ends(settings),
            f"The band has {settings.n_images} images, ends included, evenly spaced along the relaxed path of the "
            "rigid framework, with the displacements of the relaxed ends blended in. Improved tangent, springs of "
            f"{settings.spring_constant:g} eV/Å², L-BFGS over the whole band with steps of at most "
            f"{settings.step_cap:g} Å, to {settings.band_fmax:g} eV/Å in at most {settings.band_steps} steps, without "
            "climbing.",
            f"Then the highest image, and any hump within {settings.climb_window:g} eV of it, climbs alone along its "
            f"tangent to {settings.climb_fmax:g} eV/Å.",
            "If one of them slides below a neighbour, rises by more than "
            f"{settings.climb_rise:g} eV, moves its ion by more than {settings.climb_leave:g} of the gap to the nearer "
            f"neighbour (at least {settings.climb_leave_least:g} Å) or takes more than {settings.climb_calls} calls, "
            "or if there is no hump, the whole band goes on with its highest image climbing, to "
            f"{settings.full_fmax:g} eV/Å in at most {settings.full_steps} steps.",
        )
    )


def _words_ase(settings: Settings) -> str:
    return "\n".join(
        (
            _words_ends(settings),
            f"The band has {settings.n_images} images, ends included, interpolated with IDPP. ASE's NEB with the "
            f"method '{settings.tangent}' and springs of {settings.spring_constant:g} eV/Å², no climbing, BFGS over "
            f"the whole band to {settings.band_fmax:g} eV/Å in at most {settings.band_steps} steps.",
        )
    )


def _words_static(settings: Settings) -> str:
    return (
        f"Energies and forces on given images, or on {settings.n_images} images, ends included, along the relaxed path "
        "of the rigid framework. Nothing is relaxed."
    )


_WORDS = {"band": _words_band, "ase": _words_ase, "static": _words_static}
