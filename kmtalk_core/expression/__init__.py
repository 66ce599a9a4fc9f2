"""What a face does beside its lips, by procedure: events placed by the sound, and the motion they and a mood make.

`perform_job` listens, plans and returns a `Performer`; the Performer turns the planned events into channels for any
stretch of frames.  All chance comes from the settings' seed.
"""

from .performer import Performer as Performer
from .plan import notes_of as notes_of
from .plan import perform_job as perform_job
from .plan import remember_job as remember_job
from .prosody import Voices as Voices
