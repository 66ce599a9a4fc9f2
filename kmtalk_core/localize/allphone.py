"""English phones by ear: PocketSphinx's all-phone search, for when there are neither words nor weights."""

from ..alignment import Alignment, Phone
from ..audio import Sound
from ..phones import SILENCE
from ..progress import Job, Progress
from .sphinx import BLOCK, BOUNDARY_DELAY, FRAME, new_decoder, pcm_blocks, phone_language_model


def allphone_job(sound: Sound) -> Job[Alignment]:
    """Guess the phones of `sound`; labels are ARPAbet.  Raises AlignmentError where PocketSphinx is missing."""
    if sound.peak == 0.0:
        return Alignment.covering((), sound.duration, "allphone")
    decoder = new_decoder(bestpath=False, allphone=phone_language_model(), lw=2.0, beam=1e-20, pbeam=1e-20)
    decoder.start_utt()
    heard = 0
    for block in pcm_blocks(sound, 0, sound.length):
        decoder.process_raw(block)
        heard += BLOCK
        yield Progress("hearing phones", min(heard / sound.length, 1.0))
    decoder.end_utt()
    phones = (
        Phone(
            segment.start_frame * FRAME + BOUNDARY_DELAY,
            (segment.end_frame + 1) * FRAME + BOUNDARY_DELAY,
            segment.word if segment.word.isalpha() and segment.word != "SIL" else SILENCE,
        )
        for segment in decoder.seg() or ()
    )
    return Alignment.covering(phones, sound.duration, "allphone")
