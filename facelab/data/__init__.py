"""Pictures and what is known of them: images, footage, manifests, truth, photographs, research and synthetic data."""
