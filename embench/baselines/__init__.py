"""Reference baselines: small models that are fitted and scored under the same rules as every submission.

A baseline is a class with ``fit`` and ``predict`` (:mod:`embench.baselines.base`) and one entry in
:mod:`embench.baselines.registry`; :mod:`embench.baselines.runner` trains it on every fold of a protocol.
"""
