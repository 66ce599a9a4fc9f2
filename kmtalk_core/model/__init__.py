"""The KMTalk network: audio encoder, key motion acquisition and cross-modal motion completion.

`audio_encoder`, `log_mel_encoder`, `key_motion`, `completion`, `attention`, `spacing`, `linear`, `kmtalk`,
`checkpoint`, `inference` and `engine` are its pass in PyTorch, which `portable` mirrors in NumPy.  The rest needs NumPy
alone and is shared by both.
"""
