"""Change one condition of a PyTorch computation, and measure the difference in bits.

Importing this package loads torch and nothing heavier; the modules are imported by name.
"""

__version__ = "0.1.0"
