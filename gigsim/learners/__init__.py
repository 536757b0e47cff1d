"""What a platform's classifier can be."""
