"""What brings probabilities in. The serving path (`predictor`, `artifact`, `shapley`) needs numpy and safetensors only."""
