# %% [markdown]
# # Why did my numbers change?
#
# Each chapter changes one condition and measures the difference in bits.

# %%
import workbook

print("the workbook is installed:", bool(workbook.__version__))
