"""The causes of a changed result, one package for each chapter. Chapters do not know each other."""
