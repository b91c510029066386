"""What surrounds a secured broker: certificates, KDC, token endpoint, AWS stand-ins, users and rights."""
