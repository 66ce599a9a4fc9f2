"""The paper's recipe on vertex data sets: VOCASET, BIWI, and whatever lies in their layouts.  Needs PyTorch."""
