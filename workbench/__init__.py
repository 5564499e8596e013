"""The Klassroom workbench: analytics and community operations for a team of fifteen.

`import workbench; wh = workbench.open()` opens the published build; see `workbench.warehouse`.
"""

from workbench.warehouse import open_warehouse as open  # the public name: workbench.open()

__all__ = ["open"]
