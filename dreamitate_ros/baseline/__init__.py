"""The paper's baseline: Diffusion Policy, which learns the tools' path itself from the same demonstrations."""
