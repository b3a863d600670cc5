# %% [markdown]
# # A prediction and an exercise

# %%
from workbook.lesson import check, hint, predict
from workbook.question import Exercise, Form, Prediction


# %%
def measure():
    return "no, they differ"


QUESTION = "Is `0.1 + 0.2` the same as `0.3`?"
OPTIONS = ("yes, every bit", "no, they differ")
predict(Prediction("sum", QUESTION, OPTIONS, measure, "None of them is finite in base 2."))

# %%
EXERCISE = Exercise(
    name="one",
    task="Return 1.",
    stub="def one():\n    ...",
    answer="one",
    form=Form("function", returns=Form("whole number")),
    check=lambda one: one() == 1,
    wrong=(),
    hints=("It is less than 2.",),
    solution="def one():\n    return 1",
    seconds=1,
)


# %%
def one(): ...


check(EXERCISE, one)


# %%
def one():
    while True:
        pass


check(EXERCISE, one)


# %%
def one():
    return 1


check(EXERCISE, one)

# %%
hint(EXERCISE, 1)
