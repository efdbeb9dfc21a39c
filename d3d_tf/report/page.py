"""Fills the template."""

from importlib import resources

import jinja2


def render(**content) -> str:
    """The report page as self-contained HTML.

    Args:
      **content: the names used in `page.html`; text is escaped there.
    """
    template = resources.files("d3d_tf.report").joinpath("page.html")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    return environment.from_string(template.read_text()).render(**content)
