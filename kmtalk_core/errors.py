"""The errors a user may meet.  Each message is one sentence that says what to do next."""


class KMTalkError(Exception):
    """Something the user can mend; the message says how."""

    kind = "error"


class AudioError(KMTalkError):
    """A sound that cannot be read or holds nothing to animate."""

    kind = "audio"


class AlignmentError(KMTalkError):
    """Phones that cannot be found, read or trusted."""

    kind = "alignment"


class WeightsError(KMTalkError):
    """A checkpoint folder that is missing, damaged or of another kind."""

    kind = "weights"


class TakeError(KMTalkError):
    """A take file, or edits to it, that cannot be used."""

    kind = "take"


class FaceError(KMTalkError):
    """A mesh that cannot be driven as it stands."""

    kind = "face"


class UnsureError(KMTalkError):
    """A face that may be there or not: landmarks are placed, and somebody says whether they are right."""

    kind = "unsure"


class CorpusError(KMTalkError):
    """Synthetic speech that cannot be made on this machine."""

    kind = "corpus"


class DataSetError(KMTalkError):
    """A data set of captured motion, or predictions for it, that cannot be used as it lies there."""

    kind = "data set"


class RequestError(KMTalkError):
    """A request to a worker that lacks something, or has what no verb takes."""

    kind = "request"


class TrainingError(KMTalkError):
    """Training that cannot start, go on, or be trusted."""

    kind = "training"


class Cancelled(KMTalkError):
    """The user stopped the work."""

    kind = "cancelled"
