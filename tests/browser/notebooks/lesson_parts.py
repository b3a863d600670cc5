# %% [markdown]
# # A prediction and an exercise

# %%
from workbook.chart import Axis, Chart, Panel, Series
from workbook.control import Seed
from workbook.experiment import Experiment
from workbook.explorer import explore
from workbook.lesson import check, hint, predict
from workbook.question import Estimate, Exercise, Form, Option, Prediction
from workbook.result import Finding


# %%
def measure():
    return "no, they differ"


QUESTION = "Is `0.1 + 0.2` the same as `0.3`?"
OPTIONS = (
    Option("yes, every bit", lambda found: not found.endswith("differ"), "Each is rounded."),
    Option("no, they differ", lambda found: found.endswith("differ")),
)
SUM = Prediction("sum", QUESTION, OPTIONS, measure, "None of them is finite in base 2.")
predict(SUM)


# %%
def line(where):
    panel = Panel(Axis("x", 0, 1), Axis("y", 0, 1), (Series("line", (0, 1), (0, 1)),))
    return Finding("They differ.", f"seed {where.seed}", Chart((panel,)))


explore(Experiment("line", "Do they differ?", "seed", (Seed(),), line), after=SUM)

# %% tags=["answer"]
print("Both are rounded.")

# %%
STEPS = Estimate(
    name="steps",
    question="How many ones does `float16` count?",
    measure=lambda: 2048,
    between=(2048, 2048),
    because="Then the step is 2.",
    too_low="It goes on.",
    too_high="It stops earlier.",
)
predict(STEPS)

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
