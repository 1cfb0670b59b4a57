"""What words mean: names compared, fields understood, sums, and likeness between texts."""
