"""The page with worked examples of ``embench predict``: what a model says of crystals whose diffusion is known."""
