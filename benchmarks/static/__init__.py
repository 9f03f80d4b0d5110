"""Static files: this library's plugin, WhiteNoise and Bottle's own, one folder, one server."""
