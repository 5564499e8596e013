"""From raw exports to a published build: discover, land, models, checks, publish.

`run` is the whole of it. The build is the only state: a run starts from the published build's catalog, works beside
it, and either publishes a new one or leaves everything as it was.
"""

from workbench.etl.copied import Copies
from workbench.etl.job import FeedLine, RunReport, forget, run
from workbench.etl.progress import Progress

__all__ = ["Copies", "FeedLine", "Progress", "RunReport", "forget", "run"]
