"""Fills the template."""

from importlib import resources

import jinja2


def render(template: str = "page.html", /, **content) -> str:
    """A page as self-contained HTML.

    Args:
      template: `page.html`, the report of a run, `doctor.html`, that of a data
        set, `probe.html`, that of a motion probe, or another one here.
      **content: the names used in the template; text is escaped there.
    """
    source = resources.files("d3d_tf.report").joinpath(template)
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    return environment.from_string(source.read_text()).render(**content)
