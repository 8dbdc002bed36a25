"""The full network trained fast on one device: graphs resident, layers fused, one script from arrays to results.

Every module but :mod:`~embench.baselines.alignn.device.prepare`, :mod:`~embench.baselines.alignn.device.take` and
:mod:`~embench.baselines.alignn.device.model` needs torch, numpy and safetensors alone: a machine that is lent for some
minutes has nothing else.
"""
