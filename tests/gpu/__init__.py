"""What must hold on CUDA; skipped, and said so, where there is none."""
