"""A trained network as one more method for the evaluator."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ..datasets.alignments import AlignmentStore
from ..datasets.reader import MotionDataSet
from ..errors import DataSetError, WeightsError
from ..files import replacing
from ..model import checkpoint
from ..training.vertex.data import FloatArray, KeyFinder, SequenceItems, collate
from ..training.vertex.network import KMTalkNetwork, VertexNetwork
from ..training.vertex.trainer import forecast_one


@dataclass(frozen=True)
class ModelPrediction:
    """What `network` makes of the sequences of `data`; kept as vertices in `folder` where there is one."""

    network: VertexNetwork
    data: MotionDataSet
    store: AlignmentStore
    keys: KeyFinder | None = None
    folder: Path | None = None

    @staticmethod
    def load(
        weights: Path, data: MotionDataSet, store: AlignmentStore, device: str = "auto", folder: Path | None = None
    ) -> "ModelPrediction":
        """The network of a checkpoint folder; WeightsError where it is of another motion space."""
        from ..model.engine import pick_device

        model = checkpoint.load(weights)
        if model.config.space != data.space.name:
            raise WeightsError(
                f"The weights in {weights} make motion of {model.config.space}, the data set is {data.space.name}."
            )
        return ModelPrediction(KMTalkNetwork(model).to(pick_device(device)), data, store, None, folder)

    @property
    def is_there(self) -> bool:
        return False

    def has(self, name: str) -> bool:
        return True

    def motions(self, name: str) -> Iterator[FloatArray]:
        """Offsets (T, 3 V) of one sequence of any split."""
        sequence = next(s for part in self.data.splits.values() for s in part if s.name == name)
        items = SequenceItems(self.data, [sequence], self.network.config, self.store, self.keys)
        device = next(self.network.parameters()).device
        self.network.eval()
        motion = forecast_one(self.network, collate([items[0]]).to(torch.device(device)))
        if self.folder is not None:
            vertices = motion + self.data.templates[sequence.subject].reshape(1, -1)
            try:
                with replacing(self.folder / f"{name}.npy") as file:
                    np.save(file, vertices.astype(np.float32))
            except OSError as error:
                raise DataSetError(
                    f"{self.folder} cannot be written ({error.strerror}); give another --save."
                ) from error
        yield motion
