"""What several tests share; it holds no test."""
