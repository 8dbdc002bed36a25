"""Transport to and from the Hugging Face hub: client, remote state, checksums, pull, plan and push."""
