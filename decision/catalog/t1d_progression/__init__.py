"""Progression to type 1 diabetes: stage, published scores, monitoring and therapy prompts."""
