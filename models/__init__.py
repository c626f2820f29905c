"""What brings probabilities in. Serving needs numpy and safetensors only: start at `predictor`."""
