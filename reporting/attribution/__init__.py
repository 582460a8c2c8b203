"""Which channels a conversion is owed to, by nine models: one file a model, one line of registration.

A model is asked in two ways. `shares`: what part of one conversion each of its touches is owed; it needs no
other journey, so it can be kept as rows and added up for ever. `credit`: what each channel is owed over all journeys
at once; every model answers it, and a Markov chain nothing else.
"""

from . import first, last, last_non_direct, linear, markov, shapley, time_decay, u_shaped, w_shaped
from .credit import Credit, Model
from .journey import DIRECT, Journey, Touch
from .parts import ONE, parts
from .returns import Return, returns

__all__ = [
    "BY_TOUCH",
    "DIRECT",
    "MODELS",
    "MODELS_BY_KEY",
    "ONE",
    "Credit",
    "Journey",
    "Model",
    "Return",
    "Touch",
    "parts",
    "returns",
]

#: In the order in which they are offered: from what is simplest to explain to what looks at all journeys.
MODELS: tuple[Model, ...] = (
    first.MODEL,
    last.MODEL,
    last_non_direct.MODEL,
    linear.MODEL,
    time_decay.MODEL,
    u_shaped.MODEL,
    w_shaped.MODEL,
    markov.MODEL,
    shapley.MODEL,
)
#: Those that divide each conversion among its own touches, so that what they say can be kept.
BY_TOUCH = tuple(model for model in MODELS if model.shares is not None)
MODELS_BY_KEY = {model.key: model for model in MODELS}
