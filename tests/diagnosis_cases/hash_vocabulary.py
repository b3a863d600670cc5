import torch


def vocabulary(texts):
    words = set()
    for text in texts:
        words.update(text.split())
    return {word: i for i, word in enumerate(words)}


def encode():
    texts = ["the cat sat on the mat", "a dog ate the homework", "cats and dogs and birds"]
    index = vocabulary(texts)
    return torch.tensor([index[w] for t in texts for w in t.split()])
