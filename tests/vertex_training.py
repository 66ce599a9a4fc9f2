"""`train` as tests call it."""

import argparse
from pathlib import Path

import torch

from kmtalk_core.model import checkpoint
from kmtalk_core.training.vertex import command


def train(root: Path, out: Path, *more: object, config: object = "vocaset-tiny") -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    arguments = ["--dataset", root, "--config", config, "--out", out, "--device", "cpu", *more]
    command.run(parser.parse_args([str(argument) for argument in arguments]))


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return checkpoint.load(folder).state_dict()
