"""Training of graph networks with Lightning: on a CPU, on a GPU, on several."""
