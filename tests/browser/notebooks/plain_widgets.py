# %% [markdown]
# # A slider of ipywidgets, as it comes

# %%
import ipywidgets

slider = ipywidgets.IntSlider(description="plain")
slider

# %%
print("one cell below")
