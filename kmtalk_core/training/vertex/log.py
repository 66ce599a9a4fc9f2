"""What a training reports of itself: lines of JSON always, TensorBoard's files where that is installed."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

LOG_FILE, TENSORBOARD = "log.jsonl", "tensorboard"


class RunLog:
    """Scalars by step in a folder; nowhere where `folder` is None."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._file: IO[str] | None = None
        self._board: Any = None

    def __enter__(self) -> "RunLog":
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = (self._folder / LOG_FILE).open("a", encoding="utf-8")
            try:
                from torch.utils.tensorboard import SummaryWriter

                self._board = SummaryWriter(str(self._folder / TENSORBOARD))
            except ImportError:
                self._board = None
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for stream in (self._file, self._board):
            if stream is not None:
                stream.close()

    def write(self, step: int, epoch: int, scalars: Mapping[str, float]) -> None:
        """Note `scalars`; the line is on disk when this returns."""
        if self._file is None:
            return
        line = {"time": round(time.time(), 2), "step": step, "epoch": epoch, **scalars}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        if self._board is not None:
            for name, value in scalars.items():
                self._board.add_scalar(name, value, step)
            self._board.flush()
