import pytest
import torch


@pytest.fixture(scope="package", autouse=True)
def one_thread():
    """Small networks on several threads of a busy machine wait for each other most of the time."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
