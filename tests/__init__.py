"""Tests of the workbook; the folders mirror the package's."""
