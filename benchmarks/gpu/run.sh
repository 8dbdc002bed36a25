#!/usr/bin/env bash
# Pre-training and fine-tuning of the full ALIGNN in one call, on one GPU, in at most nine minutes.
#
# Before: embench alignn carry CORPUS --out runs/gpu. After: embench alignn take FOLDER. docs/alignn.md says more.
# It needs torch, numpy and safetensors; what it writes goes to $OUT, at most 8 files of at most 16 MiB.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"
# Lightning asks for deterministic algorithms, and these for a fixed workspace.
export CUBLAS_WORKSPACE_CONFIG=:4096:8
# Batches differ in size: without this the memory of the device is cut into pieces that fit none.
export PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True
exec "${PYTHON:-python3}" -m embench.baselines.alignn.device.session \
  --data "${DATA:-runs/gpu}" --out "${OUT:-runs/gpu/out}" "$@"
