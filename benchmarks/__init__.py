"""What `make bench` measures. Figures, never tests: a shared machine's times prove nothing."""
