"""The KMTalk network: audio encoder, key motion acquisition and cross-modal motion completion.  Needs PyTorch."""
