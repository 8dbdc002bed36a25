"""The models that see the pathway: descriptors, the stack of kernel regressors, and the hybrid with NEB barriers."""
