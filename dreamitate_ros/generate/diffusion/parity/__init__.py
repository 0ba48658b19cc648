"""Our maths against golden tensors of the original code."""
